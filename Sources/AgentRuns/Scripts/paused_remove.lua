-- Forgets a paused run, unless it was paused again meanwhile.
--
-- KEYS   1 the runs that are paused, by when they are looked at next (sorted set), 2 their requests (hash)
-- ARGV   1 correlation ID, 2 the score that it was found with
-- Reply  1, or 0 if it stays

if redis.call('ZSCORE', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return 1
