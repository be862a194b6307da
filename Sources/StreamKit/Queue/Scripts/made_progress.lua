-- Notes that an attempt made progress, so that earlier deaths of workers do not count any more.
--
-- KEYS   the queue's
-- ARGV   1–5 the hold
-- Reply  1; an error if the attempt does not hold the task

if not is_held(unpack(ARGV, 1, 5)) then return refusal() end
must(owned('HSET', progress, ARGV[1] .. ' ' .. ARGV[4], 1))
return 1
