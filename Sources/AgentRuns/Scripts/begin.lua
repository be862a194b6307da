-- Gives a run to a new attempt, and refuses all earlier ones from here on.
--
-- KEYS   the log's
-- ARGV   5 correlation ID, 6 fencing token, 7 the writer's name, 8 `1` to open a run that was never accepted,
--        9 and 10 the event's name and `data` for the first attempt, 11 the event's name for a later one, 12 the ID of
--        the queue's task or empty, 13 why there is a later attempt or empty
-- Reply  `ok`, entry ID, run, attempts; `stale`, token; `finished`, event; `expired`; or `damaged`, field

local correlation, token, writer = ARGV[5], tonumber(ARGV[6]), ARGV[7]
local number, damaged = find(correlation)
if damaged then return {'damaged', damaged} end
local event = {name = ARGV[9], fields = {'data', ARGV[10]}}
local attempts = 1
if not number then
    if ARGV[8] ~= '1' then return {'expired'} end
    number = digits(whole('runs') + 1)
    event.opens = correlation
else
    local current = whole('attempt:' .. number)
    if token == current and writer == field(number, 'writer') and whole('position:' .. number) == 0 then
        return {'ok', field(number, 'entry') or '0-0', number, field(number, 'attempts') or '1'}
    end
    local ended = field(number, 'status')
    if ended then return {'finished', ended} end
    if token <= current then return {'stale', digits(current)} end
    attempts = whole('attempts:' .. number) + 1
    if attempts > 1 then
        local data = {attempt = attempts, last_valid_id = field(number, 'checkpoint') or '0-0'}
        if ARGV[13] ~= '' then data.cause = ARGV[13] end
        event = {name = ARGV[11], fields = {'data', cjson.encode(data)}}
    end
end
local id = add(number, event)
redis.call('HSET', state, 'attempt:' .. number, ARGV[6], 'attempts:' .. number, attempts, 'writer:' .. number, writer,
    'position:' .. number, 0, 'task:' .. number, ARGV[12])
return {'ok', id, number, digits(attempts)}
