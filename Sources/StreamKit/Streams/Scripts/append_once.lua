-- Appends an entry unless its message was appended before, and remembers the message for 100 seconds.
--
-- It remembers for as long as newer servers do by themselves, and like them it forgets when the stream is gone.
--
-- KEYS   1 the stream, 2 what is remembered of the message
-- ARGV   the rest of the XADD: trimming, ID, fields
-- Reply  the entry's ID; for a repeated message that of the first call

local id = redis.call('GET', KEYS[2])
if not id or redis.call('EXISTS', KEYS[1]) == 0 then
  local command = {'XADD', KEYS[1]}
  for i = 1, #ARGV do command[i + 2] = ARGV[i] end
  id = call(command, 1)
  redis.call('SET', KEYS[2], id, 'PX', 100000)
end
return id
