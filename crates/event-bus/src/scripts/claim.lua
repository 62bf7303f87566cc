-- Takes over entries whose consumer has shown no sign of life, and takes consumers out of the group that hold nothing and have
-- not called for long; one that only blocks in a read is made again by it.
-- KEYS: stream, times of waiting entries. ARGV: group, consumer, name under which entries wait, idle time that is too long in ms,
-- the same for one that waits (-1: not to be looked at now), for a consumer that holds nothing, most entries, then the ids
-- that this consumer works on itself.
-- Answer: for each entry the entry and its delivery count, this delivery included.
local group, own, waiting = ARGV[1], ARGV[2], ARGV[3]
local most = tonumber(ARGV[7])
local held = {}
for i = 8, #ARGV do
  held[ARGV[i]] = true
end
-- Says NOGROUP where the stream or the group is missing, which XINFO does not.
redis.call('XPENDING', KEYS[1], group)
local answer = {}
local function take(name, idle, listed)
  for _, pending in ipairs(redis.call('XPENDING', KEYS[1], group, 'IDLE', idle, '-', '+', listed, name)) do
    if #answer < most and not held[pending[1]] then
      local entry = redis.call('XCLAIM', KEYS[1], group, own, 0, pending[1])[1]
      if name == waiting then
        -- Its time would find it in another's hands.
        redis.call('ZREM', KEYS[2], pending[1])
      end
      -- It may have been deleted by hand; then XCLAIM has taken it out.
      if entry then
        answer[#answer + 1] = {entry, pending[4] + 1}
      end
    end
  end
end
for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], group)) do
  local about = {}
  for i = 1, #info, 2 do
    about[info[i]] = info[i + 1]
  end
  local name = about.name
  if about.pending == 0 then
    -- Asked and done in one step: one with pending entries would take them along.
    if name ~= own and name ~= waiting and about.idle > tonumber(ARGV[6]) then
      redis.call('XGROUP', 'DELCONSUMER', KEYS[1], group, name)
    end
  elseif #answer < most then
    if name == own then
      take(name, ARGV[4], most + #ARGV - 7)
    elseif name == waiting then
      if ARGV[5] ~= '-1' then
        take(name, ARGV[5], most)
      end
    elseif about.idle >= tonumber(ARGV[4]) then
      -- One that calls is alive, and looks after its own.
      take(name, ARGV[4], most)
    end
  end
end
return answer
