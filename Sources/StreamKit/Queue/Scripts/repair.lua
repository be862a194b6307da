-- Removes companion keys that hold another type. What is there is of no use to the queue.
--
-- KEYS   the queue's
-- ARGV   none
-- Reply  the keys that were removed

local wrong = wrong_keys()
for _, key in ipairs(wrong) do
  redis.call('DEL', key)
  if key == meta then redis.call('HSET', meta, 'generation', whole(fresh_generation())) end
end
return wrong
