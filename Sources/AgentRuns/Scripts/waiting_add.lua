-- Notes a run before it is accepted, so that it is found again if its server dies in between.
--
-- KEYS   those of the waiting runs
-- ARGV   1 correlation ID, 2 the request as JSON, 3 caller, 4 most runs, 5 most runs per caller, 6 milliseconds until
--        it is looked at
-- Reply  `ok`; or `full` or `caller`, and how many there are

local correlation, caller = ARGV[1], ARGV[3]
if redis.call('ZSCORE', KEYS[1], correlation) then return {'ok'} end
local waiting = redis.call('ZCARD', KEYS[1])
if waiting >= tonumber(ARGV[4]) then return {'full', tostring(waiting)} end
local own = runs_of(caller)
if caller ~= '' and own >= tonumber(ARGV[5]) then return {'caller', tostring(own)} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], string.format('%d', now + tonumber(ARGV[6])), correlation)
redis.call('HSET', KEYS[2], 'request:' .. correlation, ARGV[2], 'since:' .. correlation, string.format('%d', now),
    'caller:' .. correlation, caller)
if caller ~= '' then redis.call('HSET', KEYS[3], caller, string.format('%d', own + 1)) end
return {'ok'}
