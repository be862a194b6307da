-- Notes the task of a run that waits.
--
-- KEYS   those of the waiting runs
-- ARGV   1 correlation ID, 2 the ID of its task, 3 milliseconds until the run is looked at
-- Reply  1, or 0 if the run waits no longer

if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], string.format('%d', now + tonumber(ARGV[3])), ARGV[1])
redis.call('HSET', KEYS[2], 'task:' .. ARGV[1], ARGV[2])
return 1
