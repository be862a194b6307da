-- Tells which open run of a conversation comes first; others that stand in line wait for it.
--
-- KEYS   the log's
-- Reply  `ok`, its correlation ID or empty, how many attempts it has; or `damaged`, field

local damaged = damage(COUNTERS)
if damaged then return {'damaged', damaged} end
local newest = whole('runs')
for number = math.max(1, newest - MOST_RUNS), newest do
    local correlation = field(number, 'correlation')
    if correlation and not field(number, 'status') then
        return {'ok', correlation, field(number, 'attempts') or '0'}
    end
end
return {'ok', '', '0'}
