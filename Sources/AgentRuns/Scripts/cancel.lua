-- Ends every open run of a conversation. A worker that is at one is told `finished` when it next writes.
--
-- KEYS   the log's
-- ARGV   5 the event's name, then its fields
-- Reply  `ok`, then of each run that was open: its correlation ID, and the ID of its task if a worker had it or empty;
--        or `damaged`, field

local damaged = damage(COUNTERS)
if damaged then return {'damaged', damaged} end
local cancelled = {'ok'}
local newest = whole('runs')
for number = newest, math.max(1, newest - MOST_RUNS), -1 do
    local correlation = field(number, 'correlation')
    if correlation and not field(number, 'status') then
        add(number, {name = ARGV[5], fields = rest(6), ends = true})
        cancelled[#cancelled + 1] = correlation
        cancelled[#cancelled + 1] = field(number, 'task') or ''
    end
end
return cancelled
