-- Takes tasks that wait, the most urgent first.
--
-- KEYS   the queue's
-- ARGV   1 group, 2 consumer, 3 how many, 4 `1` to take one task of each less urgent stream before the others
-- Reply  the generation, then {stream's name, entries} of each stream that gave any

local group, consumer, left = ARGV[1], ARGV[2], tonumber(ARGV[3])
local taken = {generation()}

local function take(name, limit)
  if left < 1 then return end
  local reply = redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', limit, 'STREAMS', streams[name], '>')
  if not reply then return end
  taken[#taken + 1] = {name, reply[1][2]}
  left = left - #reply[1][2]
end

if ARGV[4] == '1' then
  take('low', 1)
  take('normal', 1)
end
for _, name in ipairs(order) do take(name, left) end
return taken
