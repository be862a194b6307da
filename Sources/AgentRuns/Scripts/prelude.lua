-- What every script of a run's log begins with. Redis carries a script out as one step, so what a script checks and
-- what it writes belong together.
--
-- KEYS  1 the stream with the events, 2 the hash with the state
-- ARGV  1 entries that a log keeps of earlier runs, 2 entries that it may have in all, 3 and 4 milliseconds that it is
--       kept after its last event and while a run is open
--
-- Fields of the state: `owner` if the conversation is not everybody's, `runs` accepted, `open` runs, `sequence` and
-- `last_id` of the newest entry, `status`; and for
-- run number n `correlation:n`, `attempt:n` (the fencing token), `attempts:n` (how many began), `writer:n`,
-- `position:n` (of the writer's last entry), `entry:n` (its ID), `first:n`, `checkpoint:n` (the last entry that is not
-- text), `task:n` (in the queue), `approvals:n` (the calls that need a person's word, each with `=` and the decision's
-- name once there is one), `trace:n` (where its sender stands in a trace), `status:n` (how it ended).
-- `run:<correlation ID>` is n.

-- luacheck: push ignore 211

local stream, state = KEYS[1], KEYS[2]

-- How many runs of a conversation are remembered.
local MOST_RUNS = 200

local function field(number, name) return redis.call('HGET', state, name .. ':' .. number) end

-- A field of the state as a whole number; 0 where it is missing, nothing where it is not such a number.
local function whole(name)
    local text = redis.call('HGET', state, name)
    if not text then return 0 end
    local number = #text <= 16 and string.match(text, '^%d+$') and tonumber(text)
    return number and number < 2^53 and number or nil
end

-- The first of these fields that does not hold a whole number. Nothing may be computed with it.
local function damage(names)
    for _, name in ipairs(names) do
        if not whole(name) then return name end
    end
end

-- A whole number without the exponent that Lua would give a large one.
local function digits(number) return string.format('%d', number) end

local COUNTERS = {'runs', 'open', 'sequence'}

-- The run with this correlation ID; the name of a damaged field instead, if there is one.
local function find(correlation)
    local damaged = damage(COUNTERS)
    if damaged then return nil, damaged end
    local number = redis.call('HGET', state, 'run:' .. correlation)
    if not number then return nil end
    if not string.match(number, '^%d+$') then return nil, 'run:' .. correlation end
    return number, damage({'attempt:' .. number, 'attempts:' .. number, 'position:' .. number})
end

-- The run with this correlation ID; otherwise nothing, and the reply that says why.
local function known_run(correlation)
    local number, damaged = find(correlation)
    if damaged then return nil, {'damaged', damaged} end
    if not number then return nil, {'expired'} end
    return number
end

-- The same for a run that has not ended.
local function open_run(correlation)
    local number, refusal = known_run(correlation)
    local ended = number and field(number, 'status')
    if ended then return nil, {'finished', ended} end
    return number, refusal
end

-- The arguments from one on: names and values of an entry's fields in turn.
local function rest(first)
    local fields = {}
    for i = first, #ARGV do fields[#fields + 1] = ARGV[i] end
    return fields
end

-- Forgets what is known of a run that ended long ago.
local function forget(number)
    if number < 1 or not field(number, 'status') then return end
    redis.call('HDEL', state, 'run:' .. (field(number, 'correlation') or ''))
    for _, name in ipairs({'correlation', 'attempt', 'attempts', 'writer', 'position', 'entry', 'first', 'checkpoint',
        'task', 'approvals', 'trace', 'status'}) do
        redis.call('HDEL', state, name .. ':' .. number)
    end
end

-- Drops entries of earlier runs. Those of an open run all stay, because they are its checkpoint.
local function make_space(number)
    if redis.call('XLEN', stream) <= tonumber(ARGV[1]) then return end
    local oldest, open = number, 0
    for run = tonumber(number), math.max(1, number - MOST_RUNS), -1 do
        if field(run, 'first') and not field(run, 'status') then oldest, open = run, open + 1 end
    end
    if open > 1 then
        redis.call('XTRIM', stream, 'MINID', '~', field(oldest, 'first'))
    else
        redis.call('XTRIM', stream, 'MAXLEN', '~', ARGV[1])
    end
end

-- Adds an entry to a run. `event` has its `name` and `fields`, `opens` for the correlation ID of a run that begins with
-- it, and `ends` if nothing of the run comes after it.
--
-- The entry comes first: where Redis refuses it, nothing else has changed.
local function add(number, event)
    local time = redis.call('TIME')
    local now = time[1] .. string.format('%03d', math.floor(time[2] / 1000))
    local last = redis.call('HGET', state, 'sequence')
    local sequence = last and tonumber(last) + 1 or 0
    local fields = event.fields
    if event.ends then
        fields[#fields + 1] = 'done'
        fields[#fields + 1] = 'true'
    end
    local id = redis.pcall('XADD', stream, '*', 'event', event.name, 'timestamp', now, 'sequence', sequence,
        'run', number, unpack(fields))
    if type(id) == 'table' then
        -- Where somebody has used up the highest ID, no entry can ever follow; readers have to know that, too.
        if string.find(id.err, 'exhausted', 1, true) then redis.call('HSET', state, 'last_id', 'exhausted') end
        error(id)
    end
    redis.call('HSET', state, 'sequence', sequence, 'last_id', id, 'entry:' .. number, id)
    if event.opens then
        redis.call('HSET', state, 'runs', number, 'run:' .. event.opens, number, 'correlation:' .. number, event.opens,
            'attempt:' .. number, 0, 'attempts:' .. number, 0, 'position:' .. number, 0, 'first:' .. number, id)
        redis.call('HINCRBY', state, 'open', 1)
        forget(number - MOST_RUNS)
        make_space(number)
    end
    if event.name ~= 'text' then
        redis.call('HSET', state, 'checkpoint:' .. number, id, 'status', event.status or 'running')
    end
    if event.ends then
        redis.call('HSET', state, 'status:' .. number, event.name, 'status', event.name)
        if whole('open') > 0 then redis.call('HINCRBY', state, 'open', -1) end
    end
    local life = whole('open') > 0 and ARGV[4] or ARGV[3]
    redis.call('PEXPIRE', stream, life)
    redis.call('PEXPIRE', state, life)
    return id
end

-- luacheck: pop
