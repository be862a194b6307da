-- Appends an entry unless its message was appended before, and remembers the message for 100 seconds.
--
-- It remembers for as long as newer servers do by themselves, and like them it forgets when the stream is gone.
--
-- KEYS   1 the stream, 2 what is remembered of the message
-- ARGV   the rest of the XADD: trimming, ID, fields
-- Reply  the entry's ID; for a repeated message that of the first call

-- Runs XADD with a whole list, however long. unpack puts 8,000 values on the stack at most, while a function may
-- have any number of arguments: so the list is put in front of them in pieces, the last piece first.
local function xadd(list)
  local function prepend(last, ...)
    if last == 0 then return redis.call('XADD', KEYS[1], ...) end
    if last < 100 then return prepend(last - 1, list[last], ...) end
    return prepend(last - 100,
      list[last - 99], list[last - 98], list[last - 97], list[last - 96], list[last - 95], list[last - 94],
      list[last - 93], list[last - 92], list[last - 91], list[last - 90], list[last - 89], list[last - 88],
      list[last - 87], list[last - 86], list[last - 85], list[last - 84], list[last - 83], list[last - 82],
      list[last - 81], list[last - 80], list[last - 79], list[last - 78], list[last - 77], list[last - 76],
      list[last - 75], list[last - 74], list[last - 73], list[last - 72], list[last - 71], list[last - 70],
      list[last - 69], list[last - 68], list[last - 67], list[last - 66], list[last - 65], list[last - 64],
      list[last - 63], list[last - 62], list[last - 61], list[last - 60], list[last - 59], list[last - 58],
      list[last - 57], list[last - 56], list[last - 55], list[last - 54], list[last - 53], list[last - 52],
      list[last - 51], list[last - 50], list[last - 49], list[last - 48], list[last - 47], list[last - 46],
      list[last - 45], list[last - 44], list[last - 43], list[last - 42], list[last - 41], list[last - 40],
      list[last - 39], list[last - 38], list[last - 37], list[last - 36], list[last - 35], list[last - 34],
      list[last - 33], list[last - 32], list[last - 31], list[last - 30], list[last - 29], list[last - 28],
      list[last - 27], list[last - 26], list[last - 25], list[last - 24], list[last - 23], list[last - 22],
      list[last - 21], list[last - 20], list[last - 19], list[last - 18], list[last - 17], list[last - 16],
      list[last - 15], list[last - 14], list[last - 13], list[last - 12], list[last - 11], list[last - 10],
      list[last - 9], list[last - 8], list[last - 7], list[last - 6], list[last - 5], list[last - 4],
      list[last - 3], list[last - 2], list[last - 1], list[last],
      ...)
  end
  return prepend(#list)
end

local id = redis.call('GET', KEYS[2])
if not id or redis.call('EXISTS', KEYS[1]) == 0 then
  id = #ARGV < 7000 and redis.call('XADD', KEYS[1], unpack(ARGV)) or xadd(ARGV)
  redis.call('SET', KEYS[2], id, 'PX', 100000)
end
return id
