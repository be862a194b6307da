import StreamKit

/// The scripts through which everything enters a run's log.
///
/// Redis runs a script as one step, so the check of the attempt and of the position, the entry, the trimming and
/// both expiries happen together or not at all. Replies are `{outcome, …}` with the outcomes `ok`, `stale`,
/// `finished`, `expired`, `busy` and `order`.
///
/// State (`{agent-stream:<id>}:run`, a hash): `runs` accepted, `open` runs, `sequence` and `last_id` of the newest
/// entry, `status`; and for run number n `correlation:n`, `attempt:n` (the fencing token), `writer:n`, `position:n`,
/// `entry:n`, `checkpoint:n` (the last entry that is not text), `status:n`. `run:<correlation ID>` is n.
/// Source: <https://redis.io/docs/latest/develop/programmability/eval-intro/>
enum RunScript {
    /// What a call of the script ``write`` does.
    enum Operation: String {
        /// Opens a run that nobody works on yet.
        case accept
        /// Opens a run unless another one of the conversation is still open.
        case acceptIfIdle
        /// Gives the run to a new attempt.
        case begin
        /// Adds an entry in the name of an attempt.
        case append
        /// Adds the last entry in the name of an attempt that cannot do so itself any more.
        case close
    }

    /// Lua functions that both scripts share.
    private static let shared = """
        local stream, state = KEYS[1], KEYS[2]
        local function get(number, name) return redis.call('HGET', state, name .. ':' .. number) end
        local function set(number, name, value) redis.call('HSET', state, name .. ':' .. number, value) end
        local function add(number, event, limit, life, fields)
            local time = redis.call('TIME')
            local now = time[1] .. string.format('%03d', math.floor(time[2] / 1000))
            local last = redis.call('HGET', state, 'sequence')
            local sequence = last and last + 1 or 0
            local id = redis.call('XADD', stream, 'MAXLEN', '~', limit, '*', 'event', event,
                'timestamp', now, 'sequence', sequence, 'run', number, unpack(fields))
            redis.call('HSET', state, 'sequence', sequence, 'last_id', id)
            set(number, 'entry', id)
            if event ~= 'text' then
                set(number, 'checkpoint', id)
                redis.call('HSET', state, 'status', 'running')
            end
            if event == 'task_completed' or event == 'task_failed' or event == 'task_cancelled' then
                set(number, 'status', event)
                redis.call('HINCRBY', state, 'open', -1)
                redis.call('HSET', state, 'status', event)
            end
            redis.call('PEXPIRE', stream, life)
            redis.call('PEXPIRE', state, life)
            return id
        end

        """

    /// KEYS stream state; ARGV operation, correlation ID, attempt, writer, position, event, maximum length, time to
    /// live, then fields.
    ///
    /// `{'ok', id, run}`, `{'stale', current attempt}`, `{'finished', event}`, `{'expired'}`, `{'busy'}`,
    /// `{'order', due}`.
    static let write = RedisScript(
        shared + """
            local operation, correlation, attempt = ARGV[1], ARGV[2], tonumber(ARGV[3])
            local writer, position, event = ARGV[4], tonumber(ARGV[5]), ARGV[6]
            local number = redis.call('HGET', state, 'run:' .. correlation)
            local accepts = operation == 'accept' or operation == 'acceptIfIdle'

            if not number then
                if operation == 'acceptIfIdle' and tonumber(redis.call('HGET', state, 'open') or 0) > 0 then
                    return {'busy'}
                end
                if operation == 'append' or operation == 'close' then return {'expired'} end
                number = tostring(redis.call('HINCRBY', state, 'runs', 1))
                redis.call('HINCRBY', state, 'open', 1)
                redis.call('HSET', state, 'run:' .. correlation, number)
                set(number, 'correlation', correlation)
                set(number, 'attempt', 0)
            elseif accepts then
                return {'ok', get(number, 'entry'), number}
            end

            local current = tonumber(get(number, 'attempt'))
            local mine = attempt == current and writer == get(number, 'writer')
            local finished = get(number, 'status')
            if mine and position == tonumber(get(number, 'position')) then
                return {'ok', get(number, 'entry'), number}
            end
            if operation == 'append' and not mine then return {'stale', current} end
            if finished then return {'finished', finished} end
            local fields = {unpack(ARGV, 9)}
            if operation == 'begin' then
                if attempt <= current then return {'stale', current} end
                if current > 0 then
                    event = 'attempt'
                    fields = {'data',
                        cjson.encode({attempt = attempt, last_valid_id = get(number, 'checkpoint')})}
                end
            elseif operation == 'close' then
                if attempt < current then return {'stale', current} end
            elseif operation == 'append' then
                local due = tonumber(get(number, 'position')) + 1
                if position ~= due then return {'order', due} end
            end
            if operation == 'begin' or operation == 'close' then
                set(number, 'attempt', attempt)
                set(number, 'writer', writer)
            end

            local id = add(number, event, ARGV[7], ARGV[8], fields)
            set(number, 'position', position)
            if accepts then redis.call('HSET', state, 'status', 'queued') end
            return {'ok', id, number}
            """)

    /// KEYS stream state; ARGV maximum length, time to live, then fields.
    ///
    /// Ends every open run, and returns their correlation IDs. Whoever works on one is told `finished` when it next
    /// writes.
    static let cancel = RedisScript(
        shared + """
            local cancelled = {}
            local number = tonumber(redis.call('HGET', state, 'runs') or 0)
            while number > 0 and tonumber(redis.call('HGET', state, 'open')) > 0 do
                if not get(number, 'status') then
                    add(number, 'task_cancelled', ARGV[1], ARGV[2], {unpack(ARGV, 3)})
                    cancelled[#cancelled + 1] = get(number, 'correlation')
                end
                number = number - 1
            end
            return cancelled
            """)
}
