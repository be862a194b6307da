extension QueueScripts {
    /// ARGV group.
    ///
    /// Everything ``TaskQueueStatus`` holds.
    static let status = RedisScript(
        shared + """
            local waiting, running, held, time = {}, {}, 0, now()
            for i, name in ipairs({'high', 'normal', 'low'}) do
              local stream, pending = streams[name], 0
              waiting[i] = 0
              if redis.call('EXISTS', stream) == 1 then
                for _, g in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
                  if g[2] == ARGV[1] then pending = g[6] end
                end
                waiting[i] = math.max(redis.call('XLEN', stream) - pending, 0)
                held = held + pending
              end
              if pending > 0 and #running < 100 then
                for _, p in ipairs(redis.call('XPENDING', stream, ARGV[1], '-', '+', 100 - #running)) do
                  local f = entry_fields(stream, p[1]) or {}
                  local began = redis.call('HGET', started, name .. ' ' .. p[1]) or time - p[3]
                  running[#running + 1] = {f.task or p[1], p[2], tonumber(f.attempts or 0) + p[4], p[3],
                    time - began, f.priority or 'normal'}
                end
              end
            end
            local rated, second = 0, math.floor(time / 1000)
            local counts = redis.call('HGETALL', rate)
            for i = 1, #counts, 2 do
              if tonumber(counts[i]) > second - 60 then rated = rated + counts[i + 1] end
            end
            return {waiting, held, redis.call('ZCARD', delayed), redis.call('XLEN', dead),
              redis.call('ZCOUNT', workers, whole(time), '+inf'), rated, time, running,
              redis.call('HLEN', results)}
            """)

    /// ARGV task ID.
    ///
    /// The recorded result, unless it has expired.
    static let result = RedisScript(
        shared + """
            local untilExpiry = redis.call('ZSCORE', expiry, ARGV[1])
            if not untilExpiry or tonumber(untilExpiry) <= now() then return false end
            return redis.call('HGET', results, ARGV[1])
            """)
}
