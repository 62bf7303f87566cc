-- How long the entry that has been idle longest in a consumer's hands has shown no sign of life, in ms; -1 where there is none.
-- KEYS: stream. ARGV: group, name under which entries wait, most entries looked at of each consumer.
redis.call('XPENDING', KEYS[1], ARGV[1])
local oldest = -1
for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local about = {}
  for i = 1, #info, 2 do
    about[info[i]] = info[i + 1]
  end
  if about.pending > 0 and about.name ~= ARGV[2] then
    for _, pending in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', ARGV[3], about.name)) do
      oldest = math.max(oldest, pending[3])
    end
  end
end
return oldest
