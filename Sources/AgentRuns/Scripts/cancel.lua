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
        local fields = {}
        for i = 6, #ARGV do fields[i - 5] = ARGV[i] end
        add(number, {name = ARGV[5], fields = fields, ends = true})
        cancelled[#cancelled + 1] = correlation
        cancelled[#cancelled + 1] = field(number, 'task') or ''
    end
end
return cancelled
