-- Sets the delivery count of an entry that this consumer still holds, and starts its idle time anew.
-- KEYS: stream. ARGV: group, consumer, entry id, delivery count. Answer: 1, or 0 where another holds it.
if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2]) == 0 then
  return 0
end
redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3], 'RETRYCOUNT', ARGV[4], 'JUSTID')
return 1
