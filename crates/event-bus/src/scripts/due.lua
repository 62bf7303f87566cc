-- Takes waiting entries whose time has come.
-- KEYS: stream, times of waiting entries. ARGV: group, consumer, name under which entries wait, most entries.
-- Answer: for each entry the entry and its delivery count, this delivery included; then in how many ms the next one is due,
-- -1 where none waits.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local taken = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, ARGV[4])) do
  -- None where it does not wait any more: ended by hand, or claimed by a consumer that knows nothing of this time.
  local pending = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, ARGV[3])[1]
  if pending then
    local entry = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id)[1]
    if entry then
      taken[#taken + 1] = {entry, pending[4] + 1}
    end
  end
  redis.call('ZREM', KEYS[2], id)
end
local first = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
return {taken, first[2] and math.max(0, tonumber(first[2]) - now) or -1}
