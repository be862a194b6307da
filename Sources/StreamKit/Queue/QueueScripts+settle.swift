extension QueueScripts {
    /// ARGV stream's name, group, consumer, concurrency, result limit, result retention, generation, number of
    /// tasks, their entry IDs in rising order, then for each task that is not plain: its place among them,
    /// delivery count, task ID, result (empty, or `=` and JSON).
    ///
    /// Completes many tasks in one step: records results, acknowledges, deletes. Returns the generation, the
    /// lengths of the high and low streams, and the entries that were not held.
    ///
    /// Two things make it cheap. One `XPENDING` over the range of IDs says for all of them who holds what. And
    /// `XDEL` looks for its entry from the start of a node of a hundred, which costs more than all the rest
    /// together; but what lies before the first pending entry is done, so `XTRIM MINID` takes it all at once,
    /// and only tasks that ended before an older one are deleted one by one.
    static let settle = RedisScript(
        shared + """
            local name, group, consumer, n = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[8])
            local stream, extra, done, reply = streams[name], {}, {}, {generation(), 0, 0}
            local function id_at(i) return ARGV[8 + i] end
            for i = 9 + n, #ARGV, 4 do extra[tonumber(ARGV[i])] = i end
            local function expected(i) return extra[i] and tonumber(ARGV[extra[i] + 1]) or 1 end
            local is_current = reply[1] == tonumber(ARGV[7])
            local function counts()
              local held = {}
              if not is_current then return held end
              if n * 4 < tonumber(ARGV[4]) then
                for i = 1, n do held[id_at(i)] = deliveries(stream, group, consumer, id_at(i)) end
                return held
              end
              local from = id_at(1)
              while from do
                local page = redis.call('XPENDING', stream, group, from, id_at(n), 1000, consumer)
                for _, p in ipairs(page) do held[p[1]] = p[4] end
                from = #page == 1000 and '(' .. page[1000][1] or nil
              end
              return held
            end
            -- Nearly always all are held, which takes no table to find out: both lists are in order.
            local function all_held()
              if not is_current or n * 4 < tonumber(ARGV[4]) then return n == 0 end
              local page, i = redis.call('XPENDING', stream, group, id_at(1), id_at(n), 1000, consumer), 1
              for k = 1, #page do
                local p = page[k]
                if p[1] == ARGV[8 + i] and p[4] == expected(i) then i = i + 1 end
              end
              return i > n
            end
            if all_held() then
              done = {unpack(ARGV, 9, 8 + n)}
            else
              local held = counts()
              for i = 1, n do
                local id = id_at(i)
                if held[id] == expected(i) then
                  done[#done + 1] = id
                else
                  reply[#reply + 1], extra[i] = id, nil
                end
              end
            end
            if #done > 0 then
              redis.call('XACK', stream, group, unpack(done))
              local function numbers(id)
                local ms, seq = string.match(id, '(%d+)-(%d+)')
                return tonumber(ms), tonumber(seq)
              end
              local function before(a, b)
                local am, as = numbers(a)
                local bm, bs = numbers(b)
                return am < bm or am == bm and as < bs
              end
              local first, from = redis.call('XPENDING', stream, group, '-', '+', 1)[1], 1
              if not first then
                local ms, seq = numbers(done[#done])
                redis.call('XTRIM', stream, 'MINID', whole(ms) .. '-' .. whole(seq + 1))
                from = #done + 1
              elseif before(done[1], first[1]) then
                redis.call('XTRIM', stream, 'MINID', first[1])
                local upper = #done + 1
                while from < upper do
                  local middle = math.floor((from + upper) / 2)
                  if before(done[middle], first[1]) then from = middle + 1 else upper = middle end
                end
              end
              if from <= #done then redis.call('XDEL', stream, unpack(done, from)) end
              local time, recorded = now(), false
              for i, e in pairs(extra) do
                redis.call('HDEL', started, name .. ' ' .. id_at(i))
                if ARGV[e + 2] ~= id_at(i) then redis.call('HDEL', moved, ARGV[e + 2]) end
                if ARGV[e + 3] ~= '' then
                  redis.call('HSET', results, ARGV[e + 2], string.sub(ARGV[e + 3], 2))
                  redis.call('ZADD', expiry, whole(time + ARGV[6]), ARGV[e + 2])
                  recorded = true
                end
              end
              if recorded then
                local gone = redis.call('ZRANGEBYSCORE', expiry, '-inf', whole(time), 'LIMIT', 0, 1000)
                local excess = redis.call('ZCARD', expiry) - #gone - tonumber(ARGV[5])
                if excess > 0 then
                  gone = redis.call('ZRANGE', expiry, 0, math.min(#gone + excess, 2000) - 1)
                end
                if #gone > 0 then
                  redis.call('HDEL', results, unpack(gone))
                  redis.call('ZREM', expiry, unpack(gone))
                end
                redis.call('PEXPIRE', results, ARGV[6])
                redis.call('PEXPIRE', expiry, ARGV[6])
              end
              local second = math.floor(time / 1000)
              if redis.call('HINCRBY', rate, second, #done) == #done then
                for _, old in ipairs(redis.call('HKEYS', rate)) do
                  if tonumber(old) < second - 61 then redis.call('HDEL', rate, old) end
                end
                redis.call('PEXPIRE', rate, 120000)
              end
            end
            reply[2], reply[3] = redis.call('XLEN', high), redis.call('XLEN', low)
            return reply
            """)

    /// KEYS all and a target; ARGV hold, task, then a command.
    ///
    /// Runs the command and completes the task, both or neither. An error if the task is not held.
    static let completeWith = RedisScript(
        shared + """
            if not is_held(unpack(ARGV, 1, 6)) then return refusal() end
            local reply = redis.pcall(unpack(ARGV, 8))
            if type(reply) == 'table' and reply.err then return reply end
            local id, task = ARGV[4], ARGV[7]
            remove(ARGV[1], ARGV[2], id, {task = task ~= id and task or nil})
            redis.call('HINCRBY', rate, math.floor(now() / 1000), 1)
            redis.call('PEXPIRE', rate, 120000)
            return reply
            """)

    /// ARGV hold, reason ('' = try again), error, delay, maximum attempts, dead letter limit, retention.
    ///
    /// 0 not held, 1 will be tried again, 2 buried.
    static let fail = RedisScript(
        shared + """
            if not is_held(unpack(ARGV, 1, 6)) then return 0 end
            local name, group, id, count = ARGV[1], ARGV[2], ARGV[4], tonumber(ARGV[5])
            local f = entry_fields(streams[name], id)
            remove(name, group, id, f)
            if not f then return 0 end
            local attempts, reason, err = tonumber(f.attempts or 0) + count, ARGV[7], ARGV[8]
            if reason == '' and attempts - tonumber(f.forgiven or 0) >= tonumber(ARGV[10]) then reason = 'failed' end
            if reason ~= '' then
              bury(id, f, attempts, reason, err, ARGV[11], tonumber(ARGV[12]))
              return 2
            end
            f.task, f.attempts, f.first_error = f.task or id, attempts, f.first_error or err
            park(f, now() + tonumber(ARGV[9]))
            return 1
            """)
}
