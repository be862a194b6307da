-- Removes a task wherever it is.
--
-- KEYS   the queue's
-- ARGV   1 group, 2 the task's ID
-- Reply  `delayed`, `waiting` or `running`; nothing if the queue does not have the task

check()
local group, task = ARGV[1], ARGV[2]
if redis.call('ZREM', delayed, task) == 1 then
  redis.call('HDEL', delayed_tasks, task)
  return 'delayed'
end
local name, id = string.match(redis.call('HGET', relocated, task) or '', '^(%a+) (%d+%-%d+)$')
if not name or not streams[name] then name, id = 'normal', task end
local f = entry_fields(streams[name], id)
if not f or (f.task or id) ~= task then return false end
local pending = redis.pcall('XPENDING', streams[name], group, id, id, 1)
local is_running = not is_error(pending) and pending[1] ~= nil
remove(name, group, id, task)
return is_running and 'running' or 'waiting'
