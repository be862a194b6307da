-- Runs a command with a whole list of arguments, from a place in the list on, however long it is.
--
-- unpack puts 8,000 values on the stack at most, while a function may have any number of arguments: so the list is put
-- in front of them in pieces, the last piece first.

local function call(list, start) -- luacheck: ignore 211
  local function prepend(last, ...)
    if last < start then return redis.call(...) end
    if last - start < 30 then return prepend(last - 1, list[last], ...) end
    return prepend(last - 30,
      list[last - 29], list[last - 28], list[last - 27], list[last - 26], list[last - 25], list[last - 24],
      list[last - 23], list[last - 22], list[last - 21], list[last - 20], list[last - 19], list[last - 18],
      list[last - 17], list[last - 16], list[last - 15], list[last - 14], list[last - 13], list[last - 12],
      list[last - 11], list[last - 10], list[last - 9], list[last - 8], list[last - 7], list[last - 6],
      list[last - 5], list[last - 4], list[last - 3], list[last - 2], list[last - 1], list[last],
      ...)
  end
  if #list < 7000 then return redis.call(unpack(list, start)) end
  return prepend(#list)
end
