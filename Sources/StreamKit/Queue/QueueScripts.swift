/// The queue's atomic steps.
///
/// Each checks that the caller still holds the task before it changes anything, and takes the time from the
/// server, so workers' clocks do not matter.
///
/// An entry's fields: `payload`; and, once the task has been moved, `task` (its first ID), `attempts`
/// (made before this entry), `forgiven` (attempts that no longer count), `first_error`.
enum QueueScripts {
    /// Lua functions that several scripts share.
    private static let shared = """
        local function fields_of(list)
          local t = {}
          for i = 1, #list, 2 do t[list[i]] = list[i + 1] end
          return t
        end
        local function holds(stream, group, consumer, id, count)
          local p = redis.call('XPENDING', stream, group, id, id, 1)[1]
          return p and p[2] == consumer and p[4] == tonumber(count)
        end
        local function now()
          local t = redis.call('TIME')
          return t[1] * 1000 + math.floor(t[2] / 1000)
        end
        local function remove(stream, group, id)
          redis.call('XACK', stream, group, id)
          redis.call('XDEL', stream, id)
        end
        local function bury(stream, dead, group, id, f, attempts, reason, err, limit, retention)
          redis.call('XADD', dead, 'MAXLEN', '=', limit, '*', 'task', f.task or id, 'reason', reason,
            'attempts', attempts, 'first_error', f.first_error or err, 'last_error', err, 'payload', f.payload or '')
          redis.call('XTRIM', dead, 'MINID', string.format('%.0f', math.max(now() - retention, 0)))
          redis.call('PEXPIRE', dead, retention)
          remove(stream, group, id)
        end

        """

    /// KEYS stream; ARGV group consumer id count.
    ///
    /// 1 if the task was held and is now gone.
    static let complete = RedisScript(
        shared + """
            if not holds(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]) then return 0 end
            remove(KEYS[1], ARGV[1], ARGV[3])
            return 1
            """)

    /// KEYS stream delayed dead; ARGV group consumer id count, reason ('' = try again), error, delay, maximum
    /// attempts, dead letter limit, retention.
    ///
    /// 0 not held, 1 will be tried again, 2 buried.
    static let fail = RedisScript(
        shared + """
            local group, id = ARGV[1], ARGV[3]
            if not holds(KEYS[1], group, ARGV[2], id, ARGV[4]) then return 0 end
            local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
            if not entry then redis.call('XACK', KEYS[1], group, id) return 0 end
            local f = fields_of(entry[2])
            local attempts = tonumber(f.attempts or 0) + tonumber(ARGV[4])
            local reason = ARGV[5]
            if reason == '' and attempts - tonumber(f.forgiven or 0) >= tonumber(ARGV[8]) then reason = 'failed' end
            if reason ~= '' then
              bury(KEYS[1], KEYS[3], group, id, f, attempts, reason, ARGV[6], ARGV[9], tonumber(ARGV[10]))
              return 2
            end
            local task = cmsgpack.pack({'payload', f.payload or '', 'task', f.task or id,
              'attempts', tostring(attempts), 'forgiven', f.forgiven or '0', 'first_error', f.first_error or ARGV[6]})
            redis.call('ZADD', KEYS[2], string.format('%.0f', now() + tonumber(ARGV[7])), task)
            remove(KEYS[1], group, id)
            return 1
            """)

    /// KEYS stream; ARGV group consumer, then id and count for each task.
    ///
    /// The IDs that are not held any more.
    static let renew = RedisScript(
        shared + """
            local lost = {}
            for i = 3, #ARGV, 2 do
              if holds(KEYS[1], ARGV[1], ARGV[2], ARGV[i], ARGV[i + 1]) then
                redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i], 'IDLE', 0, 'JUSTID')
              else
                lost[#lost + 1] = ARGV[i]
                lost[#lost + 1] = ARGV[i + 1]
              end
            end
            return lost
            """)

    /// KEYS stream delayed dead; ARGV group consumer lease free, maximum attempts, dead letter limit, retention.
    ///
    /// Moves what is due to the stream, buries poison tasks, and takes over at most `free` tasks of dead
    /// workers. Returns milliseconds until the next delayed task (-1: none) and the tasks taken: id, count,
    /// fields.
    static let sweep = RedisScript(
        shared + """
            local stream, delayed, group, time = KEYS[1], KEYS[2], ARGV[1], now()
            for _, task in ipairs(redis.call('ZRANGEBYSCORE', delayed, '-inf', time, 'LIMIT', 0, 500)) do
              redis.call('XADD', stream, '*', unpack(cmsgpack.unpack(task)))
              redis.call('ZREM', delayed, task)
            end
            local taken = {}
            for _, p in ipairs(redis.call('XPENDING', stream, group, 'IDLE', ARGV[3], '-', '+', ARGV[4])) do
              local id, count = p[1], p[4]
              local entry = redis.call('XRANGE', stream, id, id)[1]
              if not entry then
                redis.call('XACK', stream, group, id)
              else
                local f = fields_of(entry[2])
                local attempts = tonumber(f.attempts or 0) + count
                if attempts - tonumber(f.forgiven or 0) >= tonumber(ARGV[5]) then
                  bury(stream, KEYS[3], group, id, f, attempts, 'worker-died',
                    'worker ' .. p[2] .. ' died during attempt ' .. attempts, ARGV[6], tonumber(ARGV[7]))
                else
                  redis.call('XCLAIM', stream, group, ARGV[2], 0, id)
                  taken[#taken + 1] = {id, count + 1, entry[2]}
                end
              end
            end
            local next = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
            return {next[2] and math.max(next[2] - time, 0) or -1, taken}
            """)

    /// KEYS stream; ARGV group consumer idle.
    ///
    /// Removes the consumers that hold nothing and were silent that long.
    static let removeDeadConsumers = RedisScript(
        """
        for _, c in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
          local name, pending, idle = c[2], c[4], c[6]
          if name ~= ARGV[2] and pending == 0 and idle > tonumber(ARGV[3]) then
            redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], name)
          end
        end
        return redis.status_reply('OK')
        """)

    /// KEYS stream; ARGV group consumer lease.
    ///
    /// Makes all that the consumer holds look a lease old, so that the next sweep of any worker takes it;
    /// removes the consumer if it holds nothing.
    static let handBack = RedisScript(
        """
        local held = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 10000, ARGV[2])
        for _, p in ipairs(held) do
          redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, p[1], 'IDLE', ARGV[3], 'JUSTID')
        end
        if #held == 0 then redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2]) end
        return #held
        """)

    /// KEYS stream target; ARGV group consumer id count, then a command.
    ///
    /// `false` if the task is not held.
    static let sendIfHeld = RedisScript(
        shared + """
            if not holds(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]) then
              return redis.error_reply('LEASELOST another worker has the task')
            end
            return redis.call(unpack(ARGV, 5))
            """)

    /// KEYS stream once; ARGV payload, window.
    ///
    /// The ID of the first task enqueued under the key.
    static let enqueueOnce = RedisScript(
        """
        local first = redis.call('GET', KEYS[2])
        if first then return first end
        local id = redis.call('XADD', KEYS[1], '*', 'payload', ARGV[1])
        redis.call('SET', KEYS[2], id, 'PX', ARGV[2])
        return id
        """)

    /// KEYS stream delayed; ARGV payload, delay.
    ///
    /// The ID is the stream's own, reserved by an entry that never shows.
    static let enqueueLater = RedisScript(
        shared + """
            local id = redis.call('XADD', KEYS[1], '*', 'payload', '')
            redis.call('XDEL', KEYS[1], id)
            redis.call('ZADD', KEYS[2], string.format('%.0f', now() + tonumber(ARGV[2])),
              cmsgpack.pack({'payload', ARGV[1], 'task', id}))
            return id
            """)

    /// KEYS stream dead; ARGV letter ID.
    ///
    /// Puts a dead letter back with a fresh allowance of attempts. 1 if it was there.
    static let requeue = RedisScript(
        shared + """
            local letter = redis.call('XRANGE', KEYS[2], ARGV[1], ARGV[1])[1]
            if not letter then return 0 end
            local f = fields_of(letter[2])
            redis.call('XADD', KEYS[1], '*', 'payload', f.payload, 'task', f.task,
              'attempts', f.attempts, 'forgiven', f.attempts)
            redis.call('XDEL', KEYS[2], ARGV[1])
            return 1
            """)

    /// KEYS stream delayed dead; ARGV group.
    ///
    /// Everything ``TaskQueueStatus`` holds.
    static let status = RedisScript(
        shared + """
            if redis.call('EXISTS', KEYS[1]) == 0 then
              return {0, 0, redis.call('ZCARD', KEYS[2]), redis.call('XLEN', KEYS[3]), 0, now(), {}}
            end
            local pending, consumers, running = 0, 0, {}
            for _, g in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
              if g[2] == ARGV[1] then consumers, pending = g[4], g[6] end
            end
            if pending > 0 then
              for _, p in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 100)) do
                local entry = redis.call('XRANGE', KEYS[1], p[1], p[1])[1]
                local f = entry and fields_of(entry[2]) or {}
                running[#running + 1] = {f.task or p[1], p[2], tonumber(f.attempts or 0) + p[4], p[3]}
              end
            end
            return {redis.call('XLEN', KEYS[1]), pending, redis.call('ZCARD', KEYS[2]),
              redis.call('XLEN', KEYS[3]), consumers, now(), running}
            """)
}
