-- Moves an entry to the dead letters: added there, acknowledged and deleted here, as one step.
-- KEYS: stream, stream of dead letters. ARGV: group, entry id, then the dead letter's fields and values.
-- Answer: 1, or 0 where the entry was not pending any more, so that a repeat adds no second letter.
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)[1]
if not pending then
  return 0
end
-- Nothing changes; but a script that has written may go on at the memory limit, and this one frees memory in the end.
redis.call('XCLAIM', KEYS[1], ARGV[1], pending[2], 0, ARGV[2], 'JUSTID')
local letter = {'XADD', KEYS[2], '*'}
for i = 3, #ARGV do
  letter[#letter + 1] = ARGV[i]
end
redis.call(unpack(letter))
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
return 1
