-- KEYS[1]: the key. ARGV[1]: 20 digits of a version.
-- Returns 1 when an older entry was dropped and 0 when there was none.
local held = redis.pcall('GETRANGE', KEYS[1], 0, 19)
if type(held) == 'string' and #held == 20 and string.match(held, '^%d+$') and held < ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
