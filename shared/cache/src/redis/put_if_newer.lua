-- KEYS[1]: the key. ARGV[1]: 20 digits of version, then the body. ARGV[2]: time to live in ms.
-- Returns 1 when the entry was taken and 0 when a newer one is held.
-- Versions are compared as digits of equal length: Lua's numbers lose whole ones above 2^53.
-- A key of another type, or text without a version of 64 bits, is none of ours and is replaced.
local held = redis.pcall('GETRANGE', KEYS[1], 0, 19)
if type(held) == 'string' and #held == 20 and string.match(held, '^%d+$')
    and held <= '18446744073709551615' and held > string.sub(ARGV[1], 1, 20) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
