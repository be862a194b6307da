-- Completes many tasks of one stream: records results, acknowledges, deletes.
--
-- KEYS   the queue's
-- ARGV   1 the stream's name, 2 group, 3 consumer, 4 generation, 5 concurrency of the worker, 6 how many results are
--        kept, 7 for how many ms, 8 number of tasks, then their entries in rising order, then for each task of
--        which something is noted elsewhere: its place, its ID, its result (empty, or `=` and JSON)
-- Reply  the entries that the consumer did not hold any more
--
-- Two things make it cheap. One XPENDING over the range of IDs says who holds each of them. And XTRIM MINID removes
-- everything before the first pending entry at once, because all of that is done. Only tasks that ended before an older
-- one need an XDEL each, which searches a node of a hundred entries and costs more than all the rest together.

local name, group, consumer, n = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[8])
local stream, refused, done, noted = streams[name], {}, {}, {}
local is_current = generation() == tonumber(ARGV[4])
local function id_at(i) return ARGV[8 + i] end
for i = 9 + n, #ARGV, 3 do noted[tonumber(ARGV[i])] = i end

-- Nearly always all are held. Both lists are in order, so finding that out takes no table.
local function all_held()
  if not is_current or n * 4 < tonumber(ARGV[5]) then return false end
  local page, i = redis.call('XPENDING', stream, group, id_at(1), id_at(n), 1000, consumer), 1
  for k = 1, #page do
    if page[k][1] == id_at(i) then i = i + 1 end
  end
  return i > n
end

if all_held() then
  done = {unpack(ARGV, 9, 8 + n)}
else
  for i = 1, n do
    local id = id_at(i)
    if is_current and redis.call('XPENDING', stream, group, id, id, 1, consumer)[1] then
      done[#done + 1] = id
    else
      refused[#refused + 1], noted[i] = id, nil
    end
  end
end
if #done == 0 then return refused end

local function numbers(id) return string.match(id, '^(%d+)-(%d+)$') end

local function is_less(a, b) return #a < #b or #a == #b and a < b end

local function is_before(a, b)
  local am, as = numbers(a)
  local bm, bs = numbers(b)
  return is_less(am, bm) or am == bm and is_less(as, bs)
end

-- The ID right after another one; nothing if Lua's numbers are not exact enough for it.
local function after(id)
  local ms, seq = numbers(id)
  if #seq <= 15 then return ms .. '-' .. whole(seq + 1) end
end

redis.call('XACK', stream, group, unpack(done))
local first, from = redis.call('XPENDING', stream, group, '-', '+', 1)[1], 1
local minimum = first and first[1] or after(done[#done])
if minimum and is_before(done[1], minimum) then
  redis.call('XTRIM', stream, 'MINID', minimum)
  local upper = #done + 1
  while from < upper do
    local middle = math.floor((from + upper) / 2)
    if is_before(done[middle], minimum) then from = middle + 1 else upper = middle end
  end
end
if from <= #done then redis.call('XDEL', stream, unpack(done, from)) end

local time, has_results = now(), false
for i, place in pairs(noted) do
  local entry, task, result = name .. ' ' .. id_at(i), ARGV[place + 1], ARGV[place + 2]
  note('HDEL', started, entry)
  note('HDEL', progress, entry)
  if task ~= id_at(i) then note('HDEL', relocated, task) end
  if result ~= '' then
    note('HSET', results, task, string.sub(result, 2))
    note('ZADD', expiry, whole(time + ARGV[7]), task)
    has_results = true
  end
end
if has_results then
  local gone = note('ZRANGEBYSCORE', expiry, '-inf', whole(time), 'LIMIT', 0, 1000) or {}
  local excess = (note('ZCARD', expiry) or 0) - #gone - tonumber(ARGV[6])
  if excess > 0 then gone = note('ZRANGE', expiry, 0, math.min(#gone + excess, 2000) - 1) or {} end
  if #gone > 0 then
    note('HDEL', results, unpack(gone))
    note('ZREM', expiry, unpack(gone))
  end
  note('PEXPIRE', results, ARGV[7])
  note('PEXPIRE', expiry, ARGV[7])
end
count_done(#done, time)
return refused
