-- Moves delayed tasks that are due to their stream, frees the tasks of workers that stopped renewing their leases,
-- and removes what dead workers left behind.
--
-- KEYS   the queue's
-- ARGV   1 group, 2 consumer, 3 lease in ms, 4 how many deaths of workers a task survives, 5 how many dead letters
--        are kept, 6 for how many ms, 7 for how many ms this worker counts as alive, 8 the generation it knows
-- Reply  ms until the next sweep is needed (-1: no delayed task waits), generation, {task, worker} of each task that
--        was freed, {task, reason} of each that was buried

check()
local group, consumer, time = ARGV[1], ARGV[2], now()
local most = 500
local freed, buried = {}, {}

-- Without memory this fails. It is the only step here that is allowed to.
note('ZADD', workers, whole(time + ARGV[7]), consumer)
local current = keep_generation(tonumber(ARGV[8]), false)

local function give_up(task, f, attempts, reason, err)
  bury(task, f, attempts, reason, err, ARGV[5], ARGV[6])
  buried[#buried + 1] = {task, err}
end

local function unpacked(packed)
  local is_readable, list = pcall(cmsgpack.unpack, packed)
  if is_readable and type(list) == 'table' then
    local f = fields_of(list)
    for _, value in pairs(f) do
      if type(value) ~= 'string' and type(value) ~= 'number' then return nil end
    end
    if f.task and counts_of(f) then return f end
  end
end

local due = redis.call('ZRANGEBYSCORE', delayed, '-inf', whole(time), 'LIMIT', 0, most)
for _, task in ipairs(due) do
  local packed = redis.call('HGET', delayed_tasks, task)
  local f = packed and unpacked(packed)
  redis.call('ZREM', delayed, task)
  redis.call('HDEL', delayed_tasks, task)
  if f then
    put(priority_of(f), f)
  else
    give_up(task, {payload = packed or ''}, 0, 'undecodable', 'what was kept of the delayed task is unreadable')
  end
end

local function free(name, id, worker)
  local f = entry_fields(streams[name], id)
  local has_progressed = remove(name, group, id, f and f.task)
  if not f then return end
  local attempts, waived, deaths = counts_of(f)
  local task = f.task or id
  if not attempts then
    return give_up(task, f, 0, 'undecodable', 'a field of the entry is unreadable: task, attempts, waived or deaths')
  end
  if has_progressed then deaths = 0 end
  -- If this worker itself left a task lying, its reply was lost; no worker died.
  if worker ~= consumer then deaths, f.ended = deaths + 1, 'worker-lost' end
  f.task, f.attempts, f.waived, f.deaths = task, whole(attempts + 1), whole(waived + 1), whole(deaths)
  if deaths >= tonumber(ARGV[4]) then
    give_up(task, f, attempts + 1, 'worker-died',
      deaths .. ' workers died over this task without progress, the last one was ' .. worker)
  else
    put('resumed', f)
    freed[#freed + 1] = {task, worker}
  end
end

local abandoned = 0
for _, name in ipairs(order) do
  for _, p in ipairs(redis.call('XPENDING', streams[name], group, 'IDLE', ARGV[3], '-', '+', most)) do
    abandoned = abandoned + 1
    free(name, p[1], p[2])
  end
end

-- Removes a worker that is not alive, unless it still holds a task.
local function forget(worker)
  for _, name in ipairs(order) do
    if redis.call('XPENDING', streams[name], group, '-', '+', 1, worker)[1] then return end
  end
  for _, name in ipairs(order) do redis.call('XGROUP', 'DELCONSUMER', streams[name], group, worker) end
  redis.call('ZREM', workers, worker)
end

local gone = redis.call('ZRANGEBYSCORE', workers, '-inf', whole(time), 'LIMIT', 0, 100)
for _, worker in ipairs(gone) do forget(worker) end

local wait = -1
local first = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
if first[2] then wait = math.max(math.min(tonumber(first[2]) - time, 3600000), 0) end
if abandoned >= most then wait = 0 end
return {wait, current, freed, buried}
