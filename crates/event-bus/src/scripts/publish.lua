-- Adds events that were not added before.
-- KEYS: for each event its stream, then the mark that says where it already is.
-- ARGV: how long a mark lasts in ms; how many entries a stream without a consumer group keeps (0: all); the events.
-- Answer: for each event 1 (added) or 0 (was there), and its entry id.
local added_to = {}
local answer = {}
for i = 3, #ARGV do
  local stream, mark = KEYS[2 * i - 5], KEYS[2 * i - 4]
  local entry = redis.call('GET', mark)
  if entry then
    answer[#answer + 1] = {0, entry}
  else
    -- The mark comes second: if XADD fails, no mark may claim that the event is there.
    entry = redis.call('XADD', stream, '*', 'event', ARGV[i])
    redis.call('SET', mark, entry, 'PX', ARGV[1])
    added_to[stream] = true
    answer[#answer + 1] = {1, entry}
  end
end
local keep = tonumber(ARGV[2])
if keep > 0 then
  for stream in pairs(added_to) do
    if #redis.call('XINFO', 'GROUPS', stream) == 0 then
      redis.call('XTRIM', stream, 'MAXLEN', '~', keep)
    end
  end
end
return answer
