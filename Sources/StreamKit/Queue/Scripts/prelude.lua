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

-- A generation above any that counting can have reached: no group was created once an hour since 1970.
local function fresh_generation() return math.floor(now() / 3600000) end

-- Runs a command on a companion key. What holds another type there is of no use to the queue and is replaced, and so
-- are dead letters after which no ID is left. Other streams without an ID hold tasks, see `put`.
local function owned(command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if is_error(reply, 'WRONGTYPE') and key ~= normal or is_error(reply, 'exhausted') and key == dead then
    redis.call('DEL', key)
    if key == meta then redis.call('HSET', meta, 'generation', whole(fresh_generation())) end
    reply = redis.pcall(command, key, ...)
  elseif command == 'HINCRBY' and (is_error(reply, 'not an integer') or is_error(reply, 'overflow')) then
    redis.call('HDEL', key, (...))
    reply = redis.pcall(command, key, ...)
  end
  return reply
end

-- Does the same for bookkeeping that no task needs: if it cannot be done, it is left out.
local function note(command, key, ...)
  local reply = owned(command, key, ...)
  if is_error(reply) then return nil end
  return reply
end

local function must(reply)
  if is_error(reply) then error(reply) end
  return reply
end

local function fields_of(list)
  local t = {}
  for i = 1, #list - 1, 2 do t[list[i]] = list[i + 1] end
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

-- The generation; 0 where none is stored, nil where what is stored is not one.
local function stored_generation()
  local text = redis.pcall('HGET', meta, 'generation')
  if not text then return 0 end
  local generation = not is_error(text) and number_of(text)
  if generation and generation >= 1 and generation < MAXIMUM_GENERATION then return generation end
end

local function generation()
  local stored = stored_generation()
  if stored == 0 then return 1 end
  return stored or -1
end

-- Stores a generation that is not below any other there was: that of the group, and the one a worker knows.
-- Where the stored one is unreadable, a fresh one takes its place.
local function keep_generation(known, is_new)
  local stored = stored_generation()
  local kept
  if stored then
    kept = math.max(stored, known)
    if is_new or kept == 0 then kept = kept + 1 end
  else
    kept = math.max(known + 1, fresh_generation())
  end
  kept = math.min(kept, MAXIMUM_GENERATION - 1)
  if kept ~= stored then note('HSET', meta, 'generation', whole(kept)) end
  return kept
end

local function is_held(name, group, consumer, id, made)
  if generation() ~= tonumber(made) then return false end
  local pending = redis.pcall('XPENDING', streams[name], group, id, id, 1, consumer)
  return not is_error(pending) and pending[1] ~= nil
end

local function refusal() return redis.error_reply('LEASELOST this attempt does not hold the task any more') end

-- Removes an entry with everything that was noted about it. Returns whether its attempt made progress.
local function remove(name, group, id, f)
  local entry = name .. ' ' .. id
  redis.call('XACK', streams[name], group, id)
  redis.call('XDEL', streams[name], id)
  note('HDEL', started, entry)
  if f and f.task then note('HDEL', relocated, f.task) end
  return note('HDEL', progress, entry) == 1
end

local function listed(f)
  local list = {}
  for _, name in ipairs({'payload', 'task', 'attempts', 'waived', 'deaths', 'first_error', 'priority'}) do
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
    place, id = other, owned('XADD', streams[other], '*', unpack(listed(f)))
    if not is_error(id, 'exhausted') then break end
  end
  must(id)
  note('HSET', relocated, f.task, place .. ' ' .. id)
end

local function delay(f, due)
  must(owned('HSET', delayed_tasks, f.task, cmsgpack.pack(listed(f))))
  must(owned('ZADD', delayed, whole(due), f.task))
end

-- Writes a dead letter: a task's ID and fields, its attempts, why, what went wrong, and the limits of the stream.
local function bury(task, f, attempts, reason, err, limit, retention)
  must(owned('XADD', dead, 'MAXLEN', '=', limit, '*', 'task', task, 'reason', reason, 'attempts', whole(attempts),
    'first_error', f.first_error or err, 'last_error', err, 'payload', f.payload or '', 'priority', priority_of(f)))
  redis.call('XTRIM', dead, 'MINID', whole(math.max(now() - tonumber(retention), 0)))
  redis.call('PEXPIRE', dead, retention)
end

-- Counts tasks that are done in this second.
local function count_done(count, time)
  local second = math.floor(time / 1000)
  if note('HINCRBY', rate, whole(second), count) == count then
    for _, old in ipairs(note('HKEYS', rate) or {}) do
      if (tonumber(old) or 0) < second - 61 then note('HDEL', rate, old) end
    end
    note('PEXPIRE', rate, 120000)
  end
end

-- How many entries of a stream wait, and how many were delivered to the group.
local function lengths(stream, group)
  local pending = 0
  if redis.call('EXISTS', stream) == 0 then return 0, 0 end
  local groups = redis.pcall('XINFO', 'GROUPS', stream)
  if is_error(groups) then
    -- The next sweep replaces a companion that holds something else, but not the caller's own key.
    if stream == normal then error(groups) end
    return 0, 0
  end
  for _, g in ipairs(groups) do
    if g[2] == group then pending = g[6] end
  end
  return math.max(redis.call('XLEN', stream) - pending, 0), pending
end
-- luacheck: pop

