-- Renews the leases of a worker, and notes when an attempt began that is renewed for the first time.
--
-- KEYS   the queue's
-- ARGV   1 group, 2 consumer, 3 generation, then for each task its stream's name and its entry
-- Reply  the places, counted from 1, of the tasks that the consumer does not hold any more

local group, consumer, time, lost = ARGV[1], ARGV[2], now(), {}
local is_current = generation() == tonumber(ARGV[3])
for i = 4, #ARGV, 2 do
  local name, id = ARGV[i], ARGV[i + 1]
  local pending = is_current and redis.call('XPENDING', streams[name], group, id, id, 1, consumer)[1]
  if pending then
    note('HSETNX', started, name .. ' ' .. id, whole(time - pending[3]))
    redis.call('XCLAIM', streams[name], group, consumer, 0, id, 'IDLE', 0, 'JUSTID')
  else
    lost[#lost + 1] = (i - 4) / 2 + 1
  end
end
return lost
