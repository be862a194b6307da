-- Opens a run that nobody works on yet. Accepting it again changes nothing.
--
-- KEYS   the log's
-- ARGV   5 correlation ID, 6 `1` to refuse while another run is open, 7 the event's name, 8 its `data`,
--        9 where its sender stands in a trace, or empty, 10 whose conversation it has to be, or empty if that does not
--        matter
-- Reply  `ok`, entry ID, run; `busy`; `expired` for a conversation of somebody else; or `damaged`, field

local correlation, owner = ARGV[5], ARGV[10]
if owner ~= '' and redis.call('HGET', state, 'owner') ~= owner and redis.call('EXISTS', stream, state) > 0 then
    return {'expired'}
end
local number, damaged = find(correlation)
if damaged then return {'damaged', damaged} end
if number then return {'ok', field(number, 'entry') or '0-0', number} end
if ARGV[6] == '1' and whole('open') > 0 then return {'busy'} end
number = digits(whole('runs') + 1)
local id = add(number, {name = ARGV[7], fields = {'data', ARGV[8]}, opens = correlation, status = 'queued'})
if ARGV[9] ~= '' then redis.call('HSET', state, 'trace:' .. number, ARGV[9]) end
if owner ~= '' then redis.call('HSET', state, 'owner', owner) end
return {'ok', id, number}
