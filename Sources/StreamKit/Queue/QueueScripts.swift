/// The queue's atomic steps.
///
/// Each checks that the caller still holds the task before it changes anything, and takes the time from the
/// server, so workers' clocks do not matter. What a step takes away it takes away first: removing is allowed
/// to a server that is out of memory, and a script that has begun to write may finish. So a worker can
/// settle its tasks though nobody can enqueue.
///
/// Where it says that they take a *hold*, that is a stream's name, group, consumer, entry, delivery count and
/// generation. The generation is how often the group has been made: deliveries count from 1 again in a new
/// group, and who held a task in the old one holds it no more.
///
/// An entry's fields: `payload`; and, where the entry's ID is not the task's, `task` (its ID), `attempts`
/// (made before this entry), `forgiven` (attempts that do not count), `first_error`, `priority`.
enum QueueScripts {
    /// What every script starts with: the keys by name, and functions that several share.
    static let shared = """
        local normal, high, low, delayed, parked, moved, dead, results, expiry, rate, started, meta, workers = unpack(KEYS)
        local streams = {high = high, normal = normal, low = low}
        local function now()
          local t = redis.call('TIME')
          return t[1] * 1000 + math.floor(t[2] / 1000)
        end
        local function whole(number) return string.format('%.0f', number) end
        local function fields_of(list)
          local t = {}
          for i = 1, #list, 2 do t[list[i]] = list[i + 1] end
          return t
        end
        local function entry_fields(stream, id)
          local entry = redis.call('XRANGE', stream, id, id)[1]
          return entry and fields_of(entry[2])
        end
        local function stored(name, default) return tonumber(redis.call('HGET', meta, name) or default) end
        local function generation() return stored('generation', 1) end
        local function deliveries(stream, group, consumer, id)
          local p = redis.call('XPENDING', stream, group, id, id, 1, consumer)[1]
          return p and p[4]
        end
        local function is_held(name, group, consumer, id, count, made)
          return generation() == tonumber(made)
            and deliveries(streams[name], group, consumer, id) == tonumber(count)
        end
        local function refusal()
          return redis.error_reply('LEASELOST this attempt does not hold the task any more')
        end
        local function remove(name, group, id, f)
          redis.call('XACK', streams[name], group, id)
          redis.call('XDEL', streams[name], id)
          redis.call('HDEL', started, name .. ' ' .. id)
          if f and f.task then redis.call('HDEL', moved, f.task) end
        end
        local function listed(f)
          local list = {}
          for _, name in ipairs({'payload', 'task', 'attempts', 'forgiven', 'first_error', 'priority'}) do
            if f[name] then
              list[#list + 1] = name
              list[#list + 1] = f[name]
            end
          end
          return list
        end
        local function put(name, f)
          local id = redis.call('XADD', streams[name], '*', unpack(listed(f)))
          redis.call('HSET', moved, f.task, name .. ' ' .. id)
        end
        local function park(f, due)
          redis.call('HSET', parked, f.task, cmsgpack.pack(listed(f)))
          redis.call('ZADD', delayed, whole(due), f.task)
        end
        local function bury(id, f, attempts, reason, err, limit, retention)
          redis.call('XADD', dead, 'MAXLEN', '=', limit, '*', 'task', f.task or id, 'reason', reason,
            'attempts', attempts, 'first_error', f.first_error or err, 'last_error', err,
            'payload', f.payload or '', 'priority', f.priority or 'normal')
          redis.call('XTRIM', dead, 'MINID', whole(math.max(now() - retention, 0)))
          redis.call('PEXPIRE', dead, retention)
        end

        """

    /// ARGV group, the generation that is known.
    ///
    /// Makes the group where it is missing; counts that as a new generation, because its deliveries count
    /// from 1 again. Returns the generation, which never falls, though somebody removed the queue under its
    /// workers.
    static let prepare = RedisScript(
        shared + """
            local format = stored('format', 2)
            if format > 2 then
              return redis.error_reply('QUEUEFORMAT this queue has format ' .. format .. ', and this program knows 2')
            end
            local function has_group(stream)
              if redis.call('EXISTS', stream) == 0 then return false end
              for _, g in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
                if g[2] == ARGV[1] then return true end
              end
              return false
            end
            local made = false
            for _, stream in ipairs({normal, high, low}) do
              if not has_group(stream) then
                redis.call('XGROUP', 'CREATE', stream, ARGV[1], '0', 'MKSTREAM')
                made = true
              end
            end
            if made then
              redis.call('DEL', started)
              redis.call('HSET', meta, 'format', 2)
              redis.call('HSET', meta, 'generation', math.max(stored('generation', 0) + 1, ARGV[2]))
            end
            return generation()
            """)

    /// KEYS all and a target; ARGV hold, then a command.
    ///
    /// Runs the command. An error if the task is not held.
    static let sendIfHeld = RedisScript(
        shared + """
            if not is_held(unpack(ARGV, 1, 6)) then return refusal() end
            return redis.call(unpack(ARGV, 7))
            """)
}
