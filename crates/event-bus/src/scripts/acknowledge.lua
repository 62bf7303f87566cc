-- Ends an entry whose work is done: acknowledged and deleted, so that the stream holds only what is left to do.
-- KEYS: stream. ARGV: group, entry id. Answer: 1, or 0 where it was not pending any more. Safe to repeat.
local acknowledged = redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
if acknowledged == 1 then
  redis.call('XDEL', KEYS[1], ARGV[2])
end
return acknowledged
