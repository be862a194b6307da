-- Hands back tasks that a consumer holds: the next free worker takes them before all others, and the attempt does not
-- count as a failure.
--
-- KEYS   the queue's
-- ARGV   1 group, 2 consumer, 3 which
--        `all`      everything, and the consumer is removed
--        `unknown`  what it is not working on; then for each task that it began its stream's name, its entry, and
--                   `running` if it stays with the consumer, or `lost` if it does not
-- Reply  how many there were

check()
local group, consumer, is_all, count, known = ARGV[1], ARGV[2], ARGV[3] == 'all', 0, {}

-- An attempt that somebody began was made, and no other one has its number.
local function hand_back(name, id, begun)
  local f = entry_fields(streams[name], id)
  local has_progressed = remove(name, group, id, f and f.task)
  if not f then return end
  local attempts, waived = counts_of(f)
  f.task = f.task or id
  -- Unreadable counts stay as they are, for the next worker to bury the task.
  if attempts then
    f.attempts, f.waived = whole(attempts + begun), whole(waived + begun)
    if has_progressed then f.deaths = nil end
    if is_all then f.ended = 'handed-back' end
  end
  put('resumed', f)
  count = count + 1
end

for i = 4, #ARGV, 3 do known[ARGV[i] .. ' ' .. ARGV[i + 1]] = ARGV[i + 2] end
for _, name in ipairs(order) do
  for _, p in ipairs(redis.call('XPENDING', streams[name], group, '-', '+', 100000, consumer)) do
    local what = known[name .. ' ' .. p[1]]
    if what ~= 'running' then hand_back(name, p[1], (is_all or what) and 1 or 0) end
  end
  if is_all then redis.call('XGROUP', 'DELCONSUMER', streams[name], group, consumer) end
end
if is_all then redis.call('ZREM', workers, consumer) end
return count
