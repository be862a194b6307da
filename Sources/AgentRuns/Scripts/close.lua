-- Ends a run in the name of a worker that cannot do so itself, and refuses that worker from here on.
--
-- KEYS   the log's
-- ARGV   5 correlation ID, 6 which runs: `any`, or `waiting` for one that no worker has begun, 7 a name for this call,
--        8 the event's name, then the event's fields
-- Reply  `ok`, entry ID, run; `stale`, token; `finished`, event; `expired`; or `damaged`, field

local number, refusal = known_run(ARGV[5])
if not number then return refusal end
local ended = field(number, 'status')
-- A repeat after a lost reply.
if ended and field(number, 'writer') == ARGV[7] then return {'ok', field(number, 'entry') or '0-0', number} end
if ended then return {'finished', ended} end
local current = whole('attempt:' .. number)
if ARGV[6] == 'waiting' and current > 0 then return {'stale', digits(current)} end
local id = add(number, {name = ARGV[8], fields = rest(9), ends = true})
redis.call('HSET', state, 'writer:' .. number, ARGV[7])
return {'ok', id, number}
