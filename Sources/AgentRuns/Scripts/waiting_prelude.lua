-- What every script of the waiting runs begins with.
--
-- KEYS  1 the runs that wait, by when they are looked at next (sorted set), 2 what is known of each (hash), 3 how many
--       each caller has (hash)
--
-- All three are bookkeeping: the log of a run says how it stands. What holds another type there is of no use and is
-- removed, and so is what only made sense together with it.

-- luacheck: push ignore 211
for i, kind in ipairs({'zset', 'hash', 'hash'}) do
    local found = redis.call('TYPE', KEYS[i]).ok
    if found ~= kind and found ~= 'none' then
        if i < 3 then redis.call('DEL', KEYS[1], KEYS[2]) end
        redis.call('DEL', KEYS[3])
    end
end

-- How many runs of a caller wait: never more than there are, whatever was noted.
local function runs_of(caller)
    local text = redis.call('HGET', KEYS[3], caller)
    local number = text and #text <= 9 and string.match(text, '^%d+$') and tonumber(text) or 0
    return math.min(number, redis.call('ZCARD', KEYS[1]))
end
-- luacheck: pop
