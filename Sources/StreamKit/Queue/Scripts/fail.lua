-- Ends an attempt that failed: the task is tried again later (`delay`), or becomes a dead letter (`bury`).
--
-- KEYS   the queue's
-- ARGV   1–5 the hold, 6 why it is to be buried ('' to try again), 7 error, 8 delay in ms, 9 how many attempts may
--        fail, 10 how many dead letters are kept, 11 for how many ms
-- Reply  0 if the attempt did not hold the task, 1 if it is tried again, 2 if it was buried

check()
if not is_held(unpack(ARGV, 1, 5)) then return 0 end
local name, group, id, reason, err = ARGV[1], ARGV[2], ARGV[4], ARGV[6], ARGV[7]
local f = entry_fields(streams[name], id)
local has_progressed = remove(name, group, id, f and f.task)
if not f then return 0 end
local attempts, waived, deaths = counts_of(f)
if not attempts then
  attempts, waived, deaths = 0, 0, 0
  if reason == '' then reason = 'undecodable' end
end
attempts = attempts + 1
if reason == '' and attempts - waived >= tonumber(ARGV[9]) then reason = 'failed' end
if reason ~= '' then
  bury(f.task or id, f, attempts, reason, err, ARGV[10], ARGV[11])
  return 2
end
f.task, f.attempts, f.waived, f.first_error = f.task or id, whole(attempts), whole(waived), f.first_error or err
f.deaths = not has_progressed and whole(deaths) or nil
f.ended = 'failed'
delay(f, now() + tonumber(ARGV[8]))
return 1
