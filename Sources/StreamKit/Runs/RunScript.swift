/// The one script through which everything enters a run's log.
///
/// Redis runs a script as one step, so the check of the attempt and of the position, the entry, the trimming and
/// both expiries happen together or not at all. Replies are `{outcome, …}` with the outcomes `ok`, `stale`,
/// `finished`, `expired` and `order`.
///
/// State (`{agent-stream:<id>}:run`, a hash): `runs` accepted, `open` runs, `sequence` and `last_id` of the newest
/// entry, `status`; and for run number n `attempt:n` (the fencing token), `writer:n`, `position:n`, `entry:n`,
/// `checkpoint:n` (the last entry that is not text), `status:n`. `run:<correlation ID>` is n.
/// Source: <https://redis.io/docs/latest/develop/programmability/eval-intro/>
enum RunScript {
    /// What a call of the script does.
    enum Operation: String {
        /// Opens a run that nobody works on yet.
        case accept
        /// Gives the run to a new attempt.
        case begin
        /// Adds an entry in the name of an attempt.
        case append
    }

    static let script = RedisScript(
        """
        local stream, state = KEYS[1], KEYS[2]
        local operation, correlation, attempt = ARGV[1], ARGV[2], tonumber(ARGV[3])
        local writer, position, event = ARGV[4], tonumber(ARGV[5]), ARGV[6]
        local number = redis.call('HGET', state, 'run:' .. correlation)
        local function get(name) return redis.call('HGET', state, name .. ':' .. number) end
        local function set(name, value) redis.call('HSET', state, name .. ':' .. number, value) end

        if not number then
            if operation == 'append' then return {'expired'} end
            number = tostring(redis.call('HINCRBY', state, 'runs', 1))
            redis.call('HINCRBY', state, 'open', 1)
            redis.call('HSET', state, 'run:' .. correlation, number)
            set('attempt', 0)
        elseif operation == 'accept' then
            return {'ok', get('entry'), number}
        end

        local current = tonumber(get('attempt'))
        local mine = attempt == current and writer == get('writer')
        local finished = get('status')
        if mine and position == tonumber(get('position')) then return {'ok', get('entry'), number} end
        if operation == 'append' and not mine then return {'stale', current} end
        if finished then return {'finished', finished} end
        local fields = {unpack(ARGV, 9)}
        if operation == 'begin' then
            if attempt <= current then return {'stale', current} end
            if current > 0 then
                event = 'attempt'
                fields = {'data', cjson.encode({attempt = attempt, last_valid_id = get('checkpoint')})}
            end
            set('attempt', attempt)
            set('writer', writer)
        elseif operation == 'append' then
            local due = tonumber(get('position')) + 1
            if position ~= due then return {'order', due} end
        end

        local time = redis.call('TIME')
        local now = time[1] .. string.format('%03d', math.floor(time[2] / 1000))
        local last = redis.call('HGET', state, 'sequence')
        local sequence = last and last + 1 or 0
        local id = redis.call('XADD', stream, 'MAXLEN', '~', ARGV[7], '*', 'event', event,
            'timestamp', now, 'sequence', sequence, 'run', number, unpack(fields))
        redis.call('HSET', state, 'sequence', sequence, 'last_id', id)
        set('position', position)
        set('entry', id)
        if event ~= 'text' then
            set('checkpoint', id)
            redis.call('HSET', state, 'status', operation == 'accept' and 'queued' or 'running')
        end
        if event == 'task_completed' or event == 'task_failed' or event == 'task_cancelled' then
            set('status', event)
            redis.call('HINCRBY', state, 'open', -1)
            redis.call('HSET', state, 'status', event)
        end
        redis.call('PEXPIRE', stream, ARGV[8])
        redis.call('PEXPIRE', state, ARGV[8])
        return {'ok', id, number}
        """)
}
