-- Takes a consumer out of its group, but never one with pending entries: they would be forgotten with it.
-- KEYS: stream. ARGV: group, consumer. Answer: 1, or 0 where it stays.
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) > 0 then
  return 0
end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 1
