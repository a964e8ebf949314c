import type { DeduplicateOptions } from '../deduplicate/deduplicate.ts';
import type { RateLimitOptions } from '../access/rate-limit.ts';
import { isRecord } from '../lib/is-record.ts';
import { COUNT, isCount, isFunction, MILLISECONDS, type Rule, type Rules, show } from './rules.ts';
import type { UpstreamOptions } from '../upstream/upstream-options.ts';

const COUNT_OR_FALSE: Rule = {
  must: 'an integer of 1 or more, or false',
  holds: (value) => value === false || isCount(value, Number.MAX_SAFE_INTEGER),
};

export const RATE_LIMIT_RULES: Rules<RateLimitOptions> = {
  perKey: COUNT_OR_FALSE,
  perAddress: COUNT_OR_FALSE,
  windowMs: MILLISECONDS,
  store: {
    must: 'an object with a function "count"',
    holds: (value) => isRecord(value) && isFunction(value['count']),
  },
};

const MOST_RETRIES = 10;

export const UPSTREAM_RULES: Rules<UpstreamOptions> = {
  maxConcurrent: COUNT,
  maxQueued: { must: 'an integer of 0 or more', holds: (value) => value === 0 || COUNT.holds(value, {}) },
  maxPerSecond: COUNT,
  retries: {
    must: `an integer from 0 to ${MOST_RETRIES}`,
    holds: (value) => value === 0 || isCount(value, MOST_RETRIES),
  },
  breakAfter: COUNT,
  pauseMs: MILLISECONDS,
  merge: {
    must: `true, false or { waitMs: ${MILLISECONDS.must} }`,
    holds: (value) =>
      typeof value === 'boolean' || (isRecord(value) && Object.entries(value).every(isMergeOption)),
  },
};

function isMergeOption([name, value]: readonly [string, unknown]): boolean {
  return name === 'waitMs' && (value === undefined || MILLISECONDS.holds(value, {}));
}

const STORE_FUNCTIONS = ['claim', 'done', 'release'] as const;

export const DEDUPLICATE_RULES: Rules<DeduplicateOptions> = {
  maxBytes: COUNT,
  windowMs: MILLISECONDS,
  store: {
    must: `an object with functions ${STORE_FUNCTIONS.map((name) => `"${name}"`).join(', ')}`,
    holds: (value) => isRecord(value) && STORE_FUNCTIONS.every((name) => isFunction(value[name])),
    describe: describeStore,
  },
};

function describeStore(value: unknown): string {
  if (!isRecord(value)) return show(value);
  const missing = STORE_FUNCTIONS.filter((name) => !isFunction(value[name]));
  return `one without ${missing.join(', ')}`;
}
