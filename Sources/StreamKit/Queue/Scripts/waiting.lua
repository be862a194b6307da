-- How many tasks no worker has taken yet.
--
-- KEYS   the queue's
-- ARGV   1 group
-- Reply  the number, delayed tasks left out

local waiting = 0
for _, name in ipairs(order) do waiting = waiting + (lengths(streams[name], ARGV[1])) end
return waiting
