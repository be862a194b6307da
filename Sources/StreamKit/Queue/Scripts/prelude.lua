-- What every script of the queue starts with: its keys by name, and functions that several scripts share.
--
-- A *hold* is what a script needs to check that an attempt still has its task: the stream's name, the group, the
-- consumer, the entry and the generation. Every attempt is an entry of its own. The generation counts how often the
-- group was created: a new group delivers the entries of the old one again, and their old holders lose them.
--
-- The fields of an entry: `payload`, and where the entry's ID is not the task's: `task` (its ID), `attempts` (made
-- before this one), `waived` (attempts that do not count as failures), `deaths` (of workers, since the last progress),
-- `first_error`, `priority`.
--
-- A step first removes what it has to remove. A server that is out of memory allows that, and lets a script that has
-- begun to write finish. So workers can settle their tasks even while nobody can enqueue.

-- luacheck: push ignore 211
local normal, high, low, resumed, delayed, delayed_tasks, relocated, dead, results, expiry, rate, started, progress,
  meta, workers = unpack(KEYS)
local streams = {resumed = resumed, high = high, normal = normal, low = low}
local order = {'resumed', 'high', 'normal', 'low'}
local MAXIMUM_GENERATION = 2097151

local function now()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function whole(number) return string.format('%.0f', number) end

-- The number that a text spells with at most nine digits; nil for any other text, `default` without a text.
local function number_of(text, default)
  if not text then return default end
  text = tostring(text)
  if #text <= 9 and string.find(text, '^%d+$') then return tonumber(text) end
end

local function is_error(reply, what)
  return type(reply) == 'table' and reply.err and (not what or string.find(reply.err, what, 1, true)) and true or false
end

-- Runs a command on bookkeeping that no task needs: if it cannot be done, it is left out.
local function note(...)
  local reply = redis.pcall(...)
  return not is_error(reply) and reply or nil
end

-- The companion keys that hold another type than the queue's.
local function wrong_keys()
  local wrong = {}
  for kind, keys in pairs({
    stream = {high, low, resumed, dead}, zset = {delayed, expiry, workers},
    hash = {delayed_tasks, relocated, results, rate, started, progress, meta}
  }) do
    for _, key in ipairs(keys) do
      local found = redis.call('TYPE', key).ok
      if found ~= kind and found ~= 'none' then wrong[#wrong + 1] = key end
    end
  end
  return wrong
end

-- Fails if a key holds another type, before anything was changed. The caller then runs repair.lua, which never
-- touches the stream that the user named.
local function check()
  redis.call('XLEN', normal)
  local wrong = wrong_keys()[1]
  if wrong then error(redis.error_reply('WRONGTYPE ' .. wrong .. ' does not hold what the queue keeps there')) end
end

-- Of fields with one name the first one counts, as it does for the worker that reads the entry.
local function fields_of(list)
  local t = {}
  for i = #list - 1, 1, -2 do t[list[i]] = list[i + 1] end
  return t
end

local function entry_fields(stream, id)
  local entry = redis.call('XRANGE', stream, id, id)[1]
  return entry and fields_of(entry[2])
end

-- A task's attempts, those of them that are waived, and the deaths of its workers; nothing where one is unreadable.
local function counts_of(f)
  local attempts, waived, deaths = number_of(f.attempts, 0), number_of(f.waived, 0), number_of(f.deaths, 0)
  if not attempts or not waived or not deaths or waived > attempts then return nil end
  if f.task and not string.find(f.task, '^%d+%-%d+$') then return nil end
  return attempts, waived, deaths
end

local function priority_of(f)
  if f.priority == 'high' or f.priority == 'low' then return f.priority end
  return 'normal'
end

-- A generation above any that counting can have reached: no group was created once an hour since 1970.
local function fresh_generation() return math.floor(now() / 3600000) end

-- The stored generation; 0 if there is none, -1 if what is stored is not one.
local function generation()
  local text = redis.pcall('HGET', meta, 'generation')
  local stored = not is_error(text) and number_of(text, 0)
  return stored and stored < MAXIMUM_GENERATION and stored or -1
end

-- Stores a generation that is not below any other there was: that of the group, and the one a worker knows.
-- Where the stored one is unreadable, a fresh one takes its place.
local function keep_generation(known, is_new)
  local stored = generation()
  local kept = math.max(stored, known, 0)
  if stored < 0 then
    kept = math.max(kept + 1, fresh_generation())
  elseif is_new or kept == 0 then
    kept = kept + 1
  end
  kept = math.min(kept, MAXIMUM_GENERATION - 1)
  if kept ~= stored then note('HSET', meta, 'generation', whole(kept)) end
  return kept
end

-- How many entries of a stream were delivered to the group and are not done; nothing if there is no such group.
local function pending_in(stream, group)
  for _, g in ipairs(redis.call('EXISTS', stream) == 1 and redis.call('XINFO', 'GROUPS', stream) or {}) do
    if g[2] == group then return g[6] end
  end
end

local function is_held(name, group, consumer, id, made)
  if generation() ~= tonumber(made) then return false end
  local pending = redis.pcall('XPENDING', streams[name], group, id, id, 1, consumer)
  return not is_error(pending) and pending[1] ~= nil
end

-- Removes an entry with everything that was noted about it. Returns whether its attempt made progress.
local function remove(name, group, id, task)
  local entry = name .. ' ' .. id
  redis.call('XACK', streams[name], group, id)
  redis.call('XDEL', streams[name], id)
  redis.call('HDEL', started, entry)
  if task and task ~= id then redis.call('HDEL', relocated, task) end
  return redis.call('HDEL', progress, entry) == 1
end

local function listed(f)
  local list = {}
  for _, name in ipairs({'payload', 'task', 'attempts', 'waived', 'deaths', 'ended', 'first_error', 'priority'}) do
    if f[name] then
      list[#list + 1] = name
      list[#list + 1] = f[name]
    end
  end
  return list
end

-- Adds a task to a stream, or to another one where somebody has used up the highest ID.
local function put(name, f)
  local place, id
  for _, other in ipairs({name, 'high', 'low', 'resumed', 'normal'}) do
    place, id = other, redis.pcall('XADD', streams[other], '*', unpack(listed(f)))
    if not is_error(id, 'exhausted') then break end
  end
  if is_error(id) then error(id) end
  redis.call('HSET', relocated, f.task, place .. ' ' .. id)
end

local function delay(f, due)
  redis.call('HSET', delayed_tasks, f.task, cmsgpack.pack(listed(f)))
  redis.call('ZADD', delayed, whole(due), f.task)
end

-- Writes a dead letter: a task's ID and fields, its attempts, why, what went wrong, and the limits of the stream.
local function bury(task, f, attempts, reason, err, limit, retention)
  local letter = {'XADD', dead, 'MAXLEN', '=', limit, '*', 'task', task, 'reason', reason, 'attempts', whole(attempts),
    'first_error', f.first_error or err, 'last_error', err, 'payload', f.payload or '', 'priority', priority_of(f)}
  if is_error(redis.pcall(unpack(letter)), 'exhausted') then
    -- After the letters that are there, no ID is left.
    redis.call('DEL', dead)
    redis.call(unpack(letter))
  end
  redis.call('XTRIM', dead, 'MINID', whole(math.max(now() - tonumber(retention), 0)))
  redis.call('PEXPIRE', dead, retention)
end

-- Counts in a hash; a count that is unreadable begins again.
local function add(key, name, number)
  local count = (number_of(note('HGET', key, name), 0) or 0) + number
  note('HSET', key, name, whole(count))
  return count
end

-- Counts tasks that are done in this second.
local function count_done(count, time)
  local second = math.floor(time / 1000)
  if add(rate, whole(second), count) == count then
    for _, old in ipairs(note('HKEYS', rate) or {}) do
      if (tonumber(old) or 0) < second - 61 then note('HDEL', rate, old) end
    end
    note('PEXPIRE', rate, 120000)
  end
end
-- luacheck: pop

