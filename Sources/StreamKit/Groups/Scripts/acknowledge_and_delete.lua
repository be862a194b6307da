-- Acknowledges entries and deletes those that were pending.
--
-- KEYS   1 the stream
-- ARGV   1 the group, then the IDs
-- Reply  how many of them were pending

local done = 0
for index = 2, #ARGV do
  if redis.call('XACK', KEYS[1], ARGV[1], ARGV[index]) == 1 then
    redis.call('XDEL', KEYS[1], ARGV[index])
    done = done + 1
  end
end
return done
