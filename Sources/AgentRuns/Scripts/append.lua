-- Adds an entry in the name of an attempt. The same position again is a repeat after a lost reply and changes nothing.
--
-- KEYS   the log's
-- ARGV   5 correlation ID, 6 fencing token, 7 the writer's name, 8 position, 9 the event's name, 10 `1` if it ends the
--        run, then the event's fields
-- Reply  `ok`, entry ID, run; `stale`, token; `finished`, event; `expired`; `order`, position due; `full`; or
--        `damaged`, field

local token, writer, position, ends = tonumber(ARGV[6]), ARGV[7], tonumber(ARGV[8]), ARGV[10] == '1'
local number, refusal = known_run(ARGV[5])
if not number then return refusal end
local current = whole('attempt:' .. number)
if token ~= current or writer ~= field(number, 'writer') then return {'stale', digits(current)} end
local written = whole('position:' .. number)
if position == written then return {'ok', field(number, 'entry') or '0-0', number} end
local ended = field(number, 'status')
if ended then return {'finished', ended} end
if position ~= written + 1 then return {'order', digits(written + 1)} end
if not ends and redis.call('XLEN', stream) >= tonumber(ARGV[2]) then return {'full'} end
local fields = rest(11)
local id = add(number, {name = ARGV[9], fields = fields, ends = ends})
redis.call('HSET', state, 'position:' .. number, position)
for i = 1, #fields - 1, 2 do
    if fields[i] == 'approval' then
        local approvals = field(number, 'approvals') or ''
        redis.call('HSET', state, 'approvals:' .. number, approvals .. fields[i + 1] .. '= ')
    end
end
return {'ok', id, number}
