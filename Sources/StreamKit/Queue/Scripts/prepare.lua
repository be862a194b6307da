-- Creates the group where it is missing, and counts that as a new generation.
--
-- KEYS   the queue's
-- ARGV   1 group, 2 the generation that the worker knows, 0 for none
-- Reply  the generation, which never falls, even if somebody removed the queue under its workers

check()
local is_new = false
for _, name in ipairs(order) do
  if not pending_in(streams[name], ARGV[1]) then
    redis.call('XGROUP', 'CREATE', streams[name], ARGV[1], '0', 'MKSTREAM')
    is_new = true
  end
end
if is_new then redis.call('DEL', started, progress) end
return keep_generation(tonumber(ARGV[2]), is_new)
