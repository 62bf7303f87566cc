-- Has an entry that this consumer still holds wait: it stays pending, under a name of its own, until its time comes.
-- KEYS: stream, times of waiting entries. ARGV: group, consumer, name under which entries wait, entry id, how long in ms,
-- how many deliveries to take back.
-- Answer: 1, or 0 where another holds it.
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[4], ARGV[4], 1, ARGV[2])[1]
if not pending then
  return 0
end
-- By the clock of Redis, which is the same for all.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local count = math.max(0, pending[4] - tonumber(ARGV[6]))
-- In this order also a server at its memory limit does it: a script may go on that has written, and XCLAIM needs no memory.
redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[3], 0, ARGV[4], 'RETRYCOUNT', count, 'JUSTID')
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[5]), ARGV[4])
return 1
