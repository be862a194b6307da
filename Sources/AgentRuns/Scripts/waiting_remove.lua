-- Forgets runs that no longer wait.
--
-- KEYS   those of the waiting runs, then the idempotency key of each run
-- ARGV   the correlation IDs
-- Reply  the ID of each one's task, empty where it never came into the queue

local tasks = {}
for i, correlation in ipairs(ARGV) do
    tasks[i] = redis.call('GET', KEYS[3 + i]) or ''
    redis.call('DEL', KEYS[3 + i])
    local caller = redis.call('HGET', KEYS[2], 'caller:' .. correlation)
    local own = caller and caller ~= '' and runs_of(caller) - 1
    if redis.call('ZREM', KEYS[1], correlation) == 1 and own then
        if own > 0 then
            redis.call('HSET', KEYS[3], caller, string.format('%d', own))
        else
            redis.call('HDEL', KEYS[3], caller)
        end
    end
    for _, name in ipairs({'request', 'since', 'caller'}) do
        redis.call('HDEL', KEYS[2], name .. ':' .. correlation)
    end
end
return tasks
