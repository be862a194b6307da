extension QueueScripts {
    /// KEYS all, then one for each idempotency key; ARGV window, priority, `now` `in` or `at`, milliseconds,
    /// then the payloads.
    ///
    /// Returns the tasks' IDs; for a key that was seen before, the ID of its first task. An ID that no entry of
    /// the normal stream gave is made of the server's time and a counter that starts at a million, a sequence
    /// that Redis itself never reaches within a millisecond.
    static let enqueue = RedisScript(
        shared + """
            local window, priority, kind, moment = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
            local ids, time = {}, now()
            for i = 5, #ARGV do
              local once = KEYS[13 + i - 4]
              local id = once and redis.call('GET', once)
              if not id then
                if kind == 'now' and priority == 'normal' then
                  id = redis.call('XADD', normal, '*', 'payload', ARGV[i])
                else
                  id = whole(time) .. '-' .. whole(1000000 + redis.call('HINCRBY', meta, 'ids', 1))
                  local f = {payload = ARGV[i], task = id}
                  if priority ~= 'normal' then f.priority = priority end
                  if kind == 'now' then put(priority, f) else park(f, kind == 'in' and time + moment or moment) end
                end
                if once then redis.call('SET', once, id, 'PX', window) end
              end
              ids[#ids + 1] = id
            end
            return ids
            """)

    /// ARGV letter ID.
    ///
    /// Puts a dead letter back with a fresh allowance of attempts. 1 if it was there.
    static let requeue = RedisScript(
        shared + """
            local f = entry_fields(dead, ARGV[1])
            if not f then return 0 end
            redis.call('XDEL', dead, ARGV[1])
            local priority = f.priority or 'normal'
            put(priority, {payload = f.payload, task = f.task, attempts = f.attempts, forgiven = f.attempts,
              priority = priority ~= 'normal' and priority or nil})
            return 1
            """)

    /// ARGV group, task ID.
    ///
    /// Removes a task wherever it is: `delayed`, `waiting` or `running`; nothing if it is nowhere.
    static let cancel = RedisScript(
        shared + """
            local group, task = ARGV[1], ARGV[2]
            if redis.call('ZREM', delayed, task) == 1 then
              redis.call('HDEL', parked, task)
              return 'delayed'
            end
            local name, id = string.match(redis.call('HGET', moved, task) or '', '^(%a+) (.+)$')
            if not name then name, id = 'normal', task end
            local f = entry_fields(streams[name], id)
            if not f or (f.task or id) ~= task then return false end
            local isHeld = redis.pcall('XPENDING', streams[name], group, id, id, 1)[1] ~= nil
            remove(name, group, id, f)
            if not isHeld then return 'waiting' end
            redis.call('HINCRBY', meta, 'cancels', 1)
            return 'running'
            """)
}
