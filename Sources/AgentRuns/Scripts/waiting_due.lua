-- Hands out runs that have waited long enough to be looked at; nobody else gets them for a while.
--
-- KEYS   those of the waiting runs
-- ARGV   1 most runs, 2 and 3 milliseconds until one is looked at again: one whose task is not known, and any other
-- Reply  four elements for each: correlation ID, request as JSON, ID of its task or empty, milliseconds it has waited

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local reply = {}
for _, correlation in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, tonumber(ARGV[1]))) do
    local known = redis.call('HMGET', KEYS[2], 'request:' .. correlation, 'task:' .. correlation,
        'since:' .. correlation)
    local pause = known[2] and ARGV[3] or ARGV[2]
    redis.call('ZADD', KEYS[1], string.format('%d', now + tonumber(pause)), correlation)
    local waited = math.max(0, now - (tonumber(known[3] or now) or now))
    for _, value in ipairs({correlation, known[1] or '', known[2] or '', string.format('%d', waited)}) do
        reply[#reply + 1] = value
    end
end
return reply
