// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { ProxyErrorCode } from '../../../src/proxy.ts';
import { type OpenDoor, openFetch, openNode } from '../../fuzz/doors.ts';
import { live, type Tally } from '../../fuzz/live.ts';

/**
 * Sends random requests of visitors and attackers, and damaged ones, all determined by seeds, to the whole
 * proxy. The rules are in `test/fuzz/check.ts`. More seeds: `SEEDS=2000`. One seed with its whole story:
 * `SEED=17`. A million requests: `npm run fuzz`.
 */
const { SEED, SEEDS } = process.env;
const SIDE_BY_SIDE = 40;

/** Outcomes that must occur in this run; otherwise the requests did not test enough. */
const MET: readonly (ProxyErrorCode | '200' | '204' | 'arrived' | 'rejected one by one')[] = [
  '200',
  '204',
  'arrived',
  'rejected one by one',
  'not_found',
  'method_not_allowed',
  'origin_not_allowed',
  'invalid_client_key',
  'invalid_token',
  'unsupported_media_type',
  'unsupported_encoding',
  'body_too_large',
  'body_timeout',
  'invalid_encoding',
  'invalid_utf8',
  'invalid_json',
  'invalid_batch',
  'too_many_events',
  'event_too_large',
  'invalid_event',
  'privileged_event',
  'invalid_body',
  'invalid_handle',
  'rejected',
  'batch_too_large',
  'upstream_unavailable',
  'upstream_misconfigured',
];

describe('random requests: every response is right, and nothing that was refused is forwarded', () => {
  test.each<[string, OpenDoor, number]>([
    ['proxy.fetch', openFetch, Number(SEEDS ?? 80)],
    ['proxy.node, over sockets', openNode, Math.ceil(Number(SEEDS ?? 80) / 2)],
  ])('through %s', { timeout: 60_000 + Number(SEEDS ?? 0) * 200 }, async (_, open, count) => {
    const seeds = SEED ? [Number(SEED)] : Array.from({ length: count }, (_, i) => i + 1);
    const tally: Tally = {};
    const work = async (): Promise<void> => {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) await live(seed, open, tally);
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
    if (!SEED) expect(MET.filter((what) => !tally[what])).toEqual([]);
  });
});
