-- Runs a command and completes the task, both or neither, on condition that an attempt holds it.
--
-- KEYS   the queue's, then the key that the command touches
-- ARGV   1–5 the hold, 6 the task's ID, then the command
-- Reply  the command's; an error if the attempt does not hold the task

if not is_held(unpack(ARGV, 1, 5)) then return refusal() end
local reply = redis.pcall(unpack(ARGV, 7))
if is_error(reply) then return reply end
local id, task = ARGV[4], ARGV[6]
remove(ARGV[1], ARGV[2], id, {task = task ~= id and task or nil})
count_done(1, now())
return reply
