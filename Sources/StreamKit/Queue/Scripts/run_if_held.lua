-- Runs a command on condition that an attempt holds its task, and completes the task with it if told to.
--
-- KEYS   the queue's, then the key that the command touches
-- ARGV   1–5 the hold, 6 the task's ID to complete it, or empty, then the command
-- Reply  the command's; an error if the attempt does not hold the task, or if the command fails

-- luacheck: globals call
if not is_held(unpack(ARGV, 1, 5)) then
  return redis.error_reply('LEASELOST this attempt does not hold the task any more')
end
if ARGV[6] ~= '' then check() end
local reply = call(ARGV, 7)
if ARGV[6] ~= '' then
  remove(ARGV[1], ARGV[2], ARGV[4], ARGV[6])
  count_done(1, now())
end
return reply
