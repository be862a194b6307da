-- Opens a run that nobody works on yet. Accepting it again changes nothing.
--
-- KEYS   the log's
-- ARGV   5 correlation ID, 6 `1` to refuse while another run is open, 7 the event's name, 8 its `data`,
--        9 where its sender stands in a trace, or empty
-- Reply  `ok`, entry ID, run; `busy`; or `damaged`, field

local correlation = ARGV[5]
local number, damaged = find(correlation)
if damaged then return {'damaged', damaged} end
if number then return {'ok', field(number, 'entry') or '0-0', number} end
if ARGV[6] == '1' and whole('open') > 0 then return {'busy'} end
number = digits(whole('runs') + 1)
local id = add(number, {name = ARGV[7], fields = {'data', ARGV[8]}, opens = correlation, status = 'queued'})
if ARGV[9] ~= '' then redis.call('HSET', state, 'trace:' .. number, ARGV[9]) end
return {'ok', id, number}
