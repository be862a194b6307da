-- Hands out runs that have waited long enough to be looked at; nobody else gets them for a while.
--
-- KEYS   those of the waiting runs
-- ARGV   1 most runs, 2 milliseconds until one is looked at again
-- Reply  three elements for each: correlation ID, request as JSON, milliseconds it has waited

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local reply = {}
for _, correlation in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, tonumber(ARGV[1]))) do
    local known = redis.call('HMGET', KEYS[2], 'request:' .. correlation, 'since:' .. correlation)
    redis.call('ZADD', KEYS[1], string.format('%d', now + tonumber(ARGV[2])), correlation)
    local waited = math.max(0, now - (tonumber(known[2] or now) or now))
    for _, value in ipairs({correlation, known[1] or '', string.format('%d', waited)}) do
        reply[#reply + 1] = value
    end
end
return reply
