-- Creates the group where it is missing, and counts that as a new generation.
--
-- KEYS   the queue's
-- ARGV   1 group, 2 the generation that the worker knows, 0 for none
-- Reply  the generation, which never falls, even if somebody removed the queue under its workers

local FORMAT = 3
local format = number_of(redis.pcall('HGET', meta, 'format'), FORMAT)
if format and format > FORMAT then
  return redis.error_reply('QUEUEFORMAT this queue has format ' .. format .. ', and this program knows ' .. FORMAT)
end

local function has_group(stream)
  if redis.call('EXISTS', stream) == 0 then return false end
  for _, g in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    if g[2] == ARGV[1] then return true end
  end
  return false
end

local is_new = false
for _, name in ipairs(order) do
  local stream = streams[name]
  -- The normal stream is the key that the caller chose, and what else it holds is the caller's.
  if name ~= 'normal' then
    local kind = redis.call('TYPE', stream).ok
    if kind ~= 'stream' and kind ~= 'none' then redis.call('DEL', stream) end
  end
  if not has_group(stream) then
    redis.call('XGROUP', 'CREATE', stream, ARGV[1], '0', 'MKSTREAM')
    is_new = true
  end
end
if is_new then
  redis.call('DEL', started, progress)
  note('HSET', meta, 'format', FORMAT)
end
return keep_generation(tonumber(ARGV[2]), is_new)
