-- Renews the leases of a worker, and notes when an attempt began that is renewed for the first time.
--
-- KEYS   the queue's
-- ARGV   1 group, 2 consumer, 3 generation, then for each task its stream's name and its entry
-- Reply  the places, counted from 1, of the tasks that the consumer does not hold any more

local group, consumer, time = ARGV[1], ARGV[2], now()
local lost, mine = {}, {}
local is_current = generation() == tonumber(ARGV[3])
for i = 4, #ARGV, 2 do
  local name, id = ARGV[i], ARGV[i + 1]
  local p = is_current and redis.call('XPENDING', streams[name], group, id, id, 1, consumer)[1]
  if p then
    note('HSETNX', started, name .. ' ' .. id, whole(time - p[3]))
    mine[name] = mine[name] or {}
    table.insert(mine[name], id)
  else
    lost[#lost + 1] = (i - 4) / 2 + 1
  end
end
for name, ids in pairs(mine) do
  local words = {'XCLAIM', streams[name], group, consumer, 0}
  for _, id in ipairs(ids) do words[#words + 1] = id end
  for _, word in ipairs({'IDLE', 0, 'JUSTID'}) do words[#words + 1] = word end
  redis.call(unpack(words))
end
return lost
