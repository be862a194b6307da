-- Everything that TaskQueueStatus holds.
--
-- KEYS   the queue's
-- ARGV   1 group
-- Reply  {waiting in the order of the streams}, running, delayed, dead, workers, done in the last minute, results,
--        server time in ms, then for each running task (at most 100)
--        {task, worker, attempt, ms since its lease was renewed, ms since it began, priority}

check()
local group, time, waiting, running, held = ARGV[1], now(), {}, {}, 0
for i, name in ipairs(order) do
  local stream = streams[name]
  local pending = pending_in(stream, group) or 0
  waiting[i], held = math.max(redis.call('XLEN', stream) - pending, 0), held + pending
  if pending > 0 and #running < 100 then
    for _, p in ipairs(redis.call('XPENDING', stream, group, '-', '+', 100 - #running)) do
      local f = entry_fields(stream, p[1]) or {}
      local began = tonumber(redis.call('HGET', started, name .. ' ' .. p[1]) or '') or time - p[3]
      local attempts = counts_of(f) or 0
      running[#running + 1] = {
        f.task or p[1], p[2], attempts + 1, p[3], math.max(math.min(time - began, time), 0), priority_of(f)
      }
    end
  end
end
local done, second, counts = 0, math.floor(time / 1000), redis.call('HGETALL', rate)
for i = 1, #counts, 2 do
  if (tonumber(counts[i]) or 0) > second - 60 then done = done + (number_of(counts[i + 1]) or 0) end
end
return {
  waiting, held, redis.call('ZCARD', delayed), redis.call('XLEN', dead),
  redis.call('ZCOUNT', workers, whole(time), '+inf'), done, redis.call('HLEN', results), time, running
}
