-- Completes many tasks of one stream: records results, acknowledges, deletes.
--
-- KEYS   the queue's
-- ARGV   1 the stream's name, 2 group, 3 consumer, 4 generation, 5 how many results are kept, 6 for how many ms,
--        7 number of tasks, then their entries in rising order, then for each task of which something is noted
--        elsewhere: its place, its ID, its result (empty, or `=` and JSON)
-- Reply  the entries that the consumer did not hold any more
--
-- Two things make it cheap. One XPENDING over the range of IDs says which of them the consumer holds. And XTRIM MINID
-- removes everything before the first pending entry at once, because all of that is done. Only tasks that ended before
-- an older one need an XDEL each, which searches a node of a hundred entries and costs more than all the rest together.

local name, group, consumer, n = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[7])
local stream, held, done, refused, has_results = streams[name], {}, {}, {}, false
if #ARGV > 7 + n then check() end
if generation() == tonumber(ARGV[4]) then
  for _, p in ipairs(redis.call('XPENDING', stream, group, ARGV[8], ARGV[7 + n], 100000, consumer)) do
    held[p[1]] = true
  end
end
for i = 8, 7 + n do
  if held[ARGV[i]] then done[#done + 1] = ARGV[i] else refused[#refused + 1] = ARGV[i] end
end
if #done == 0 then return refused end

-- An ID as a text that sorts as IDs do. Lua's own numbers are not exact enough.
local function sortable(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return string.rep('0', 20 - #ms) .. ms .. string.rep('0', 20 - #seq) .. seq
end

redis.call('XACK', stream, group, unpack(done))
local first = redis.call('XPENDING', stream, group, '-', '+', 1)[1]
local minimum = first and first[1] or done[#done]
local from, upper = 1, #done + 1
redis.call('XTRIM', stream, 'MINID', minimum)
while from < upper do
  local middle = math.floor((from + upper) / 2)
  if sortable(done[middle]) < sortable(minimum) then from = middle + 1 else upper = middle end
end
if from <= #done then redis.call('XDEL', stream, unpack(done, from)) end

-- A renewal notes when an attempt began. It may have come after the worker built this call.
if redis.call('EXISTS', started) == 1 then
  for _, id in ipairs(done) do note('HDEL', started, name .. ' ' .. id) end
end

local time = now()
for i = 8 + n, #ARGV, 3 do
  local id, task, result = ARGV[7 + ARGV[i]], ARGV[i + 1], ARGV[i + 2]
  if held[id] then
    remove(name, group, id, task)
    if result ~= '' then
      redis.call('HSET', results, task, string.sub(result, 2))
      redis.call('ZADD', expiry, whole(time + ARGV[6]), task)
      has_results = true
    end
  end
end
if has_results then
  local gone = redis.call('ZRANGEBYSCORE', expiry, '-inf', whole(time), 'LIMIT', 0, 1000)
  local excess = redis.call('ZCARD', expiry) - #gone - tonumber(ARGV[5])
  if excess > 0 then gone = redis.call('ZRANGE', expiry, 0, math.min(#gone + excess, 2000) - 1) end
  if #gone > 0 then
    redis.call('HDEL', results, unpack(gone))
    redis.call('ZREM', expiry, unpack(gone))
  end
  redis.call('PEXPIRE', results, ARGV[6])
  redis.call('PEXPIRE', expiry, ARGV[6])
end
count_done(#done, time)
return refused
