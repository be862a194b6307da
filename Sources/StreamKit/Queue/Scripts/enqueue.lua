-- Adds tasks.
--
-- KEYS   the queue's, then one idempotency key for each task, or none
-- ARGV   1 how long an idempotency key is remembered in ms, 2 priority, 3 `now`, `in` or `at`, 4 ms, then the payloads
-- Reply  the tasks' IDs; for a key that was seen before, the ID of its first task
--
-- The ID of a task that is not just an entry of the normal stream is made of the server's time and a counter that
-- starts at a million, which Redis itself never reaches within a millisecond.

check()
local window, priority, kind, moment = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local ids, time = {}, now()
for i = 5, #ARGV do
  local once = KEYS[15 + i - 4]
  local id = once and redis.pcall('GET', once)
  if type(id) ~= 'string' or not string.find(id, '^%d+%-%d+$') then
    id = kind == 'now' and priority == 'normal' and redis.pcall('XADD', normal, '*', 'payload', ARGV[i])
    if is_error(id) and not is_error(id, 'exhausted') then error(id) end
    if type(id) ~= 'string' then
      id = whole(time) .. '-' .. whole(1000000 + add(meta, 'ids', 1))
      local f = {payload = ARGV[i], task = id}
      if priority ~= 'normal' then f.priority = priority end
      if kind == 'now' then put(priority, f) else delay(f, kind == 'in' and time + moment or moment) end
    end
    if once then redis.call('SET', once, id, 'PX', window) end
  end
  ids[#ids + 1] = id
end
return ids
