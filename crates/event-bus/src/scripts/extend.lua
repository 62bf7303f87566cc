-- Extends the leases of entries that this consumer still holds; one that another has claimed stays with the other.
-- KEYS: stream. ARGV: group, consumer, entry ids. Answer: the ids that are no longer held.
local lost = {}
for i = 3, #ARGV do
  if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1, ARGV[2]) == 0 then
    lost[#lost + 1] = ARGV[i]
  else
    -- JUSTID leaves the delivery count alone.
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i], 'JUSTID')
  end
end
return lost
