-- The result that was recorded for a task.
--
-- KEYS   the queue's
-- ARGV   1 the task's ID
-- Reply  JSON, or nothing if none is recorded or it has expired

local expires = tonumber(redis.call('ZSCORE', expiry, ARGV[1]) or '')
if not expires or expires <= now() then return false end
return redis.call('HGET', results, ARGV[1])
