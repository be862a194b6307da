-- Tells which calls of a run wait for a person's word.
--
-- KEYS   the log's
-- ARGV   5 correlation ID
-- Reply  `ok`, how many are decided, then the calls that wait; `finished`, event; `expired`; or `damaged`, field

local number, refusal = open_run(ARGV[5])
if not number then return refusal end
local decided, reply = 0, {'ok', '0'}
for call, decision in string.gmatch(field(number, 'approvals') or '', '(%S-)=(%S*)') do
    if decision == '' then reply[#reply + 1] = call else decided = decided + 1 end
end
reply[2] = digits(decided)
return reply
