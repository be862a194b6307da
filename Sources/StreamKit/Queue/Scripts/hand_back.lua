-- Hands back tasks that a consumer holds: the next free worker takes them before all others, and the attempt
-- does not count.
--
-- KEYS   the queue's
-- ARGV   1 group, 2 consumer, 3 which, then for `unknown` a stream's name and an entry for each task
--        `unknown`  all but these: nobody began them, so their attempt has not been made
--        `all`      everything, and the consumer is removed
-- Reply  how many there were

check()
local group, consumer, is_all, count, known = ARGV[1], ARGV[2], ARGV[3] == 'all', 0, {}
local begun = is_all and 1 or 0

local function hand_back(name, id)
  local f = entry_fields(streams[name], id)
  local has_progressed = remove(name, group, id, f and f.task)
  if not f then return end
  local attempts, waived = counts_of(f)
  f.task = f.task or id
  -- Unreadable counts stay as they are, for the next worker to bury the task.
  if attempts then
    f.attempts, f.waived = whole(attempts + begun), whole(waived + begun)
    if has_progressed then f.deaths = nil end
  end
  put('resumed', f)
  count = count + 1
end

for i = 4, #ARGV, 2 do known[ARGV[i] .. ' ' .. ARGV[i + 1]] = true end
for _, name in ipairs(order) do
  for _, p in ipairs(redis.call('XPENDING', streams[name], group, '-', '+', 100000, consumer)) do
    if not known[name .. ' ' .. p[1]] then hand_back(name, p[1]) end
  end
  if is_all then redis.call('XGROUP', 'DELCONSUMER', streams[name], group, consumer) end
end
if is_all then redis.call('ZREM', workers, consumer) end
return count
