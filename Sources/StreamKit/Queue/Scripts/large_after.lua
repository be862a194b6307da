-- Stands behind an XADD of more arguments than a script can send, in one transaction with it and large_before.lua.
--
-- KEYS   the queue's, the stream that is appended to, a key for what has to be put back
-- ARGV   1–5 the hold, 6 the task's ID to complete it, or ''
-- Reply  1 if the attempt holds the task, otherwise 0, and then the stream is as it was before

local target, kept = KEYS[16], KEYS[17]
if not is_held(unpack(ARGV, 1, 5)) then
  redis.call('DEL', target)
  if redis.call('EXISTS', kept) == 1 then redis.call('RENAME', kept, target) end
  return 0
end
local info = redis.pcall('XINFO', 'STREAM', target)
local is_appended = not is_error(info) and fields_of(info)['last-generated-id'] ~= redis.call('GET', kept)
redis.call('DEL', kept)
if is_appended and ARGV[6] ~= '' then
  local id, task = ARGV[4], ARGV[6]
  remove(ARGV[1], ARGV[2], id, {task = task ~= id and task or nil})
  count_done(1, now())
end
return 1
