import type { RateLimitOptions } from './rate-limit.ts';
import { isRecord } from './record.ts';
import { COUNT, isCount, isFunction, MILLISECONDS, type Rule, type Rules } from './rule.ts';
import type { DeduplicateOptions } from './seen.ts';
import type { UpstreamOptions } from './upstream.ts';

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
};

export const DEDUPLICATE_RULES: Rules<DeduplicateOptions> = { maxIds: COUNT, windowMs: MILLISECONDS };
