-- Writes down what a person decided about one call of a run, once.
--
-- KEYS   the log's
-- ARGV   5 correlation ID, 6 which call, 7 a name for this decision, 8 the event's name, then its fields
-- Reply  `ok`, entry ID, run; `decided`; `unknown`; `finished`, event; `expired`; or `damaged`, field

local number, refusal = open_run(ARGV[5])
if not number then return refusal end
local approvals = ' ' .. (field(number, 'approvals') or '')
local start, stop = string.find(approvals, ' ' .. ARGV[6] .. '=', 1, true)
if not start then return {'unknown'} end
local decision = string.match(approvals, '^%S+', stop + 1)
-- A repeat after a lost reply.
if decision == ARGV[7] then return {'ok', field(number, 'entry') or '0-0', number} end
if decision then return {'decided'} end
local id = add(number, {name = ARGV[8], fields = rest(9)})
approvals = string.sub(approvals, 2, stop) .. ARGV[7] .. string.sub(approvals, stop + 1)
redis.call('HSET', state, 'approvals:' .. number, approvals)
return {'ok', id, number}
