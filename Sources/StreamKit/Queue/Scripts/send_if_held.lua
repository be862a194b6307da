-- Runs a command on condition that an attempt holds its task.
--
-- KEYS   the queue's, then the key that the command touches
-- ARGV   1–5 the hold, then the command
-- Reply  the command's; an error if the attempt does not hold the task

if not is_held(unpack(ARGV, 1, 5)) then return refusal() end
return redis.call(unpack(ARGV, 6))
