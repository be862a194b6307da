-- Puts a dead letter back into the queue with a fresh allowance of attempts.
--
-- KEYS   the queue's
-- ARGV   1 the letter's ID
-- Reply  1, or 0 if there is no such letter

check()
local f = entry_fields(dead, ARGV[1])
if not f then return 0 end
redis.call('XDEL', dead, ARGV[1])
-- An ID that is not a task's would make the next attempt unreadable; the letter's own takes its place.
local task = f.task
if not task or not string.find(task, '^%d+%-%d+$') then task = ARGV[1] end
local attempts, priority = whole(number_of(f.attempts) or 0), priority_of(f)
put(priority, {
  payload = f.payload, task = task, attempts = attempts, waived = attempts,
  priority = priority ~= 'normal' and priority or nil
})
return 1
