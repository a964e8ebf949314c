/**
 * What runs inside Redis 5 and newer, or Valkey: as nothing else runs meanwhile, each is atomic, whatever other copies do.
 * Time is that of the server (`TIME`): the clocks of the copies do not matter. Each returns a text, which every client hands
 * over as it is.
 *
 * The value of a key is `done`, or a claim: `1764412345678:owner`, the time at which it ends and who has it. The key of a claim
 * stays for longer than the claim, so that whoever comes next can tell that it has ended by itself.
 */

/**
 * A letter for each key. `n`: nobody had it, `e`: a claim on it has ended by itself; both are claimed now. `p`: claimed,
 * `d`: done.
 *
 * Arguments: owner, how long the claim holds, how long its key then stays, both in milliseconds.
 */
export const CLAIM_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local claim = string.format('%.0f', now + ARGV[2]) .. ':' .. ARGV[1]
local states = {}
for i, key in ipairs(KEYS) do
  local value = redis.call('GET', key)
  local endsAt = value and tonumber(string.match(value, '^%d+'))
  if value == 'done' then
    states[i] = 'd'
  elseif endsAt and endsAt > now then
    states[i] = 'p'
  else
    states[i] = value and 'e' or 'n'
    redis.call('SET', key, claim, 'PX', ARGV[2] + ARGV[3])
  end
end
return table.concat(states)`;

/** Whoever has the claim, if anybody: it is true. Argument: how long it is remembered, in milliseconds. */
export const DONE_SCRIPT = `
for _, key in ipairs(KEYS) do redis.call('SET', key, 'done', 'PX', ARGV[1]) end
return ''`;

/** Argument: the owner. A claim of another, and what is done, stay. */
export const RELEASE_SCRIPT = `
for _, key in ipairs(KEYS) do
  local value = redis.call('GET', key)
  if value and string.match(value, '^%d+:(.*)$') == ARGV[1] then redis.call('DEL', key) end
end
return ''`;

/**
 * Counts in a window that begins with its first request. `count:milliseconds until its end`. Argument: the length of a window,
 * in milliseconds.
 */
export const COUNT_SCRIPT = `
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  left = ARGV[1]
  redis.call('PEXPIRE', KEYS[1], left)
end
return count .. ':' .. left`;
