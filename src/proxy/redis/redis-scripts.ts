/**
 * Scripts that run inside Redis 5 and newer, or Valkey. No other command runs at the same time, so each script is
 * atomic. Time is that of the server (`TIME`), so the clocks of the replicas do not matter. Each script returns a text,
 * because all clients return texts in the same form.
 *
 * The value of a key is `done`, or a claim: `1764412345678:owner`, the time at which the claim ends, and its owner. The
 * key of a claim expires later than the claim, so that the next claim can detect that the earlier one has ended without
 * `done` or `release`.
 */

/**
 * Claims keys. Returns one letter for each key. `n`: the key was unknown, `e`: a claim on it has expired (both are
 * claimed now), `p`: it is claimed, `d`: it is done.
 *
 * Arguments: the owner, how long the claim holds, and how much longer its key is kept, both in milliseconds.
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

/**
 * Marks keys as done, also those that another replica has claimed: Customer.io has accepted the events. Argument: how
 * long the keys are kept, in milliseconds.
 */
export const DONE_SCRIPT = `
for _, key in ipairs(KEYS) do redis.call('SET', key, 'done', 'PX', ARGV[1]) end
return ''`;

/** Removes the claims of an owner. Claims of other owners, and keys that are done, stay. Argument: the owner. */
export const RELEASE_SCRIPT = `
for _, key in ipairs(KEYS) do
  local value = redis.call('GET', key)
  if value and string.match(value, '^%d+:(.*)$') == ARGV[1] then redis.call('DEL', key) end
end
return ''`;

/**
 * Counts a request in a window that begins with its first request. Returns `count:milliseconds until the window ends`.
 * Argument: the length of a window, in milliseconds.
 */
export const COUNT_SCRIPT = `
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  left = ARGV[1]
  redis.call('PEXPIRE', KEYS[1], left)
end
return count .. ':' .. left`;
