extension QueueScripts {
    /// ARGV group, consumer, generation, then stream's name, entry and count for each task.
    ///
    /// Renews the leases of what the consumer holds, and notes when an attempt began that is renewed for
    /// the first time. Returns the places, counted from 1, of the tasks that are not held any more.
    static let renew = RedisScript(
        shared + """
            local group, consumer, lost, mine, time = ARGV[1], ARGV[2], {}, {}, now()
            local is_current = generation() == tonumber(ARGV[3])
            for i = 4, #ARGV, 3 do
              local name, id = ARGV[i], ARGV[i + 1]
              local p = is_current and redis.call('XPENDING', streams[name], group, id, id, 1, consumer)[1]
              if p and p[4] == tonumber(ARGV[i + 2]) then
                redis.call('HSETNX', started, name .. ' ' .. id, whole(time - p[3]))
                mine[name] = mine[name] or {}
                table.insert(mine[name], id)
              else
                lost[#lost + 1] = (i - 4) / 3 + 1
              end
            end
            for name, ids in pairs(mine) do
              local words = {'XCLAIM', streams[name], group, consumer, 0}
              for _, id in ipairs(ids) do words[#words + 1] = id end
              for _, word in ipairs({'IDLE', 0, 'JUSTID'}) do words[#words + 1] = word end
              redis.call(unpack(words))
            end
            return lost
            """)

    /// ARGV group, consumer, lease, free, maximum attempts, dead letter limit, retention, silence ('' or ms), and
    /// how long the worker may be taken to live from now on, and the generation it knows.
    ///
    /// Moves what is due to its stream, buries poison tasks, takes over at most `free` tasks of dead workers,
    /// and, given a silence, removes the consumers that hold nothing and were silent that long. Returns
    /// milliseconds until the next delayed task (-1: none), the generation, how many running tasks were
    /// ever cancelled, and the tasks taken: stream's name, entry, count, fields.
    static let sweep = RedisScript(
        shared + """
            local group, time, taken, free = ARGV[1], now(), {}, tonumber(ARGV[4])
            -- Without memory this fails, and is the one thing here that may.
            redis.pcall('ZADD', workers, whole(time + ARGV[9]), ARGV[2])
            -- Another worker made the group after the queue was removed.
            if generation() < tonumber(ARGV[10]) then redis.pcall('HSET', meta, 'generation', ARGV[10]) end
            for _, task in ipairs(redis.call('ZRANGEBYSCORE', delayed, '-inf', whole(time), 'LIMIT', 0, 500)) do
              local packed = redis.call('HGET', parked, task)
              redis.call('ZREM', delayed, task)
              redis.call('HDEL', parked, task)
              -- A queue of the first format has the packed fields in place of the ID.
              local f = fields_of(cmsgpack.unpack(packed or task))
              put(f.priority or 'normal', f)
            end
            for _, name in ipairs({'high', 'normal', 'low'}) do
              local stream, pending = streams[name], {}
              if free > #taken then
                pending = redis.call('XPENDING', stream, group, 'IDLE', ARGV[3], '-', '+', free - #taken)
              end
              for _, p in ipairs(pending) do
                local id, count = p[1], p[4]
                local f = entry_fields(stream, id)
                local attempts = f and tonumber(f.attempts or 0) + count
                if not f then
                  remove(name, group, id)
                elseif attempts - tonumber(f.forgiven or 0) >= tonumber(ARGV[5]) then
                  remove(name, group, id, f)
                  bury(id, f, attempts, 'worker-died', 'worker ' .. p[2] .. ' died during attempt ' .. attempts,
                    ARGV[6], tonumber(ARGV[7]))
                else
                  redis.call('HDEL', started, name .. ' ' .. id)
                  local entry = redis.call('XCLAIM', stream, group, ARGV[2], 0, id)[1]
                  taken[#taken + 1] = {name, id, count + 1, entry[2]}
                end
              end
              if ARGV[8] ~= '' then
                for _, c in ipairs(redis.call('XINFO', 'CONSUMERS', stream, group)) do
                  local isAlive = tonumber(redis.call('ZSCORE', workers, c[2]) or 0) > time
                  if not isAlive and c[4] == 0 and c[6] > tonumber(ARGV[8]) then
                    redis.call('XGROUP', 'DELCONSUMER', stream, group, c[2])
                  end
                end
              end
            end
            if ARGV[8] ~= '' then redis.call('ZREMRANGEBYSCORE', workers, '-inf', whole(time)) end
            local next = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
            return {next[2] and math.max(next[2] - time, 0) or -1,
              generation(),
              stored('cancels', 0), taken}
            """)

    /// ARGV group, consumer, `all` or `some`, then stream's name and entry for each task of some.
    ///
    /// Hands tasks back that the consumer holds: each becomes a new entry of the stream that goes first, so that
    /// a waiting worker has it at once, and the attempt does not count. `some` are tasks that came without a place
    /// for them: nobody began them, so their attempt number is free for the next. After `all`, which may have been
    /// begun, the consumer is removed.
    static let handBack = RedisScript(
        shared + """
            local group, consumer, count = ARGV[1], ARGV[2], 0
            local function hand_back(name, id, deliveries, unused)
              local f = entry_fields(streams[name], id)
              remove(name, group, id, f)
              if not f then return end
              f.task = f.task or id
              f.attempts = tonumber(f.attempts or 0) + deliveries - unused
              f.forgiven = tonumber(f.forgiven or 0) + 1 - unused
              put('high', f)
              count = count + 1
            end
            if ARGV[3] == 'some' then
              for i = 4, #ARGV, 2 do
                local held = deliveries(streams[ARGV[i]], group, consumer, ARGV[i + 1])
                if held then hand_back(ARGV[i], ARGV[i + 1], held, 1) end
              end
              return count
            end
            -- The high stream comes first, or what the others give it would be looked at again.
            for _, name in ipairs({'high', 'normal', 'low'}) do
              for _, p in ipairs(redis.call('XPENDING', streams[name], group, '-', '+', 100000, consumer)) do
                hand_back(name, p[1], p[4], 0)
              end
              redis.call('XGROUP', 'DELCONSUMER', streams[name], group, consumer)
            end
            redis.call('ZREM', workers, consumer)
            return count
            """)
}
