// @vitest-environment node
import { expect, test } from 'vitest';
import type { CustomerTokenProvider, TokenIdentity, TokenResult } from '../../src/sdk/auth/contract.ts';
import type { Outcome } from '../../src/sdk/sender/outcome.ts';
import { seeded } from '../fakes/random.ts';
import { DELIVERED } from '../fakes/transport.ts';
import { ANN, BOB, MINUTE, NOBODY } from '../unit/sdk/auth/token-page.ts';
import { type AuthorizedPage, authorizedPage } from '../unit/sdk/private/authorized-page.ts';

/** More seeds: `SEEDS=3000`. A single seed: `SEED=17`. */
const { SEED, SEEDS = '200' } = process.env;
const seeds = SEED ? [Number(SEED)] : Array.from({ length: Number(SEEDS) }, (_, i) => i + 1);
const STEPS = 60;
const PEOPLE: readonly [TokenIdentity, ...TokenIdentity[]] = [ANN, BOB, NOBODY];
const INVALID: Outcome = { kind: 'unauthorized', status: 401, body: '{"error":"invalid_token"}' };

interface Owned {
  readonly userId?: string;
}

/** Checks that each request has the events of one person, and that person's token. */
function check(page: AuthorizedPage): void {
  for (const { jsons, credentials } of page.transport.sent) {
    const owners = new Set(jsons.map((json) => (JSON.parse(json) as Owned).userId));
    expect(owners.size).toBeLessThanOrEqual(1);
    const [owner] = owners;
    const [, named] = /opaque-(\w+)-/.exec(credentials?.['Authorization'] ?? '') ?? [];
    expect(named).toBe(owner);
  }
  const { tracked, delivered, pending, dropped } = page.ledger();
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  expect(delivered + pending + lost).toBe(tracked);
}

async function live(seed: number): Promise<number> {
  const { next, below, pick } = seeded(seed);
  let serial = 0;
  let does: 'token' | 'null' | 'throw' | 'never' | 'late' = 'token';
  const late: (() => void)[] = [];
  const token = (userId: string): TokenResult => ({
    token: `opaque-${userId}-${++serial}`,
    expiresIn: 60 + below(3_600),
  });
  const provider: CustomerTokenProvider = ({ userId }) => {
    if (does === 'null') return null;
    if (does === 'throw') throw new Error('down');
    if (does === 'never') return new Promise(() => {});
    if (does === 'token') return token(userId);
    return new Promise((resolve) => late.push(() => resolve(token(userId))));
  };
  const page = authorizedPage({ provider, maxBatchEvents: 1 + below(6), random: next });
  let who: TokenIdentity = NOBODY;
  let made = 0;

  const steps: readonly [() => unknown, ...(() => unknown)[]] = [
    () => page.track(`e${++made}x`, 1 + below(4), who.userId ?? undefined),
    () => page.track(`e${++made}x`, 1 + below(4), who.userId ?? undefined),
    () => page.become((who = pick(PEOPLE))),
    () => (does = pick(['token', 'token', 'null', 'throw', 'never', 'late'])),
    () => late.splice(0).forEach((answer) => answer()),
    () => page.transport.respond(pick<Outcome>([DELIVERED, DELIVERED, DELIVERED, INVALID])),
    () => page.transport.respondOnce(pick<Outcome>([INVALID, { kind: 'rejected', status: 403, body: '' }])),
    () => page.advance(below(2) ? below(3_000) : below(20) * MINUTE),
    () => page.sender.leaving([]),
    () => void page.sender.flush(),
    () => page.token.tokenCache.set(who.userId ? token(who.userId) : null),
  ];
  for (let step = 0; step < STEPS; step++) {
    await pick(steps)();
    check(page);
  }
  // The proxy and the provider work again, and each person is identified once more: no event may remain.
  does = 'token';
  page.transport.respond(DELIVERED);
  late.splice(0).forEach((answer) => answer());
  for (const person of PEOPLE) {
    await page.become(person);
    for (let turn = 0; turn < 30; turn++) await page.advance(MINUTE / 3);
    await page.advance(60 * MINUTE);
  }
  check(page);
  expect(page.ledger()).toMatchObject({ pending: 0, dropped: {} });
  return page.transport.sent.filter(({ credentials }) => credentials).length;
}

test(
  'no event is sent with the token of another person, and no event is lost',
  { timeout: 120_000 },
  async () => {
    let withToken = 0;
    for (const seed of seeds) {
      try {
        withToken += await live(seed);
      } catch (cause) {
        throw new Error(`SEED=${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
      }
    }
    expect(withToken).toBeGreaterThan(seeds.length);
  },
);
