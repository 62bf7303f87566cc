-- Takes over entries whose consumer has shown no sign of life, and takes consumers out of the group that hold nothing and have
-- not been heard of for long.
-- KEYS: stream. ARGV: group, consumer, name under which entries wait, idle time that is too long in ms, the same for one that
-- waits, for a consumer that holds nothing, most entries, then the ids that this consumer works on itself.
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
    local idle = name == waiting and ARGV[5] or ARGV[4]
    local listed = most + (name == own and #ARGV - 7 or 0)
    for _, pending in ipairs(redis.call('XPENDING', KEYS[1], group, 'IDLE', idle, '-', '+', listed, name)) do
      if #answer < most and not held[pending[1]] then
        local entry = redis.call('XCLAIM', KEYS[1], group, own, 0, pending[1])[1]
        -- It may have been deleted by hand; then XCLAIM has taken it out.
        if entry then
          answer[#answer + 1] = {entry, pending[4] + 1}
        end
      end
    end
  end
end
return answer
