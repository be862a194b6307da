-- Stands before an XADD of more arguments than a script can send, in one transaction with it and large_after.lua.
--
-- KEYS   the queue's, the stream that is appended to, a key for what has to be put back
-- ARGV   1–5 the hold
-- Reply  1 if the attempt holds the task, otherwise 0
--
-- Nothing in a transaction can skip the command behind it. So this keeps what a refused command would change, and
-- large_after.lua restores it before anybody can see the change.

local target, kept = KEYS[16], KEYS[17]
redis.call('DEL', kept)
if is_held(unpack(ARGV, 1, 5)) then
  local info = redis.pcall('XINFO', 'STREAM', target)
  redis.call('SET', kept, not is_error(info) and fields_of(info)['last-generated-id'] or '')
  return 1
end
redis.call('COPY', target, kept)
return 0
