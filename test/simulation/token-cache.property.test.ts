// @vitest-environment node
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Grant, TokenIdentity, TokenRequest, TokenResult } from '../../src/sdk/auth/contract.ts';
import { TOKEN_DEFAULTS } from '../../src/sdk/auth/customer-token-options.ts';
import { settled, START_MS } from '../fakes/clock.ts';
import { type Random, seeded } from '../fakes/random.ts';
import {
  HOUR,
  jwt,
  MINUTE,
  SECOND,
  TokenError,
  type TokenPage,
  tokenPage,
} from '../unit/sdk/auth/token-page.ts';

/**
 * Simulates a page in which the identity changes, the provider returns anything or fails, the proxy refuses tokens, and the
 * clocks jump. A seed determines all of that. More seeds: `SEEDS=3000`. A single seed: `SEED=17`.
 */
const { SEED, SEEDS = '150' } = process.env;
const seeds = SEED ? [Number(SEED)] : Array.from({ length: Number(SEEDS) }, (_, i) => i + 1);
const STEPS = 60;
const patienceMs = 60_000 + seeds.length * 500;

const unhandled: unknown[] = [];
const note = (cause: unknown): void => void unhandled.push(cause);
beforeAll(() => void process.on('unhandledRejection', note));
afterAll(() => void process.off('unhandledRejection', note));

const tally = { grants: 0, refusals: 0, retries: 0, late: 0, changes: 0, renewals: 0, aborted: 0 };
const codes = new Set<string>();

interface Call {
  readonly since: number;
  state: 'open' | 'done';
}

interface Asked {
  readonly epoch: number;
  readonly signal: AbortSignal;
  state: 'open' | 'done';
}

interface World {
  readonly page: TokenPage;
  step(): Promise<void>;
  end(): Promise<void>;
}

function world(seed: number): World {
  const random: Random = seeded(seed);
  const calls: Call[] = [];
  const asks: Asked[] = [];
  const identities = new Map<number, TokenIdentity>();
  /** The user id of each token. */
  const owners = new Map<string, string>();
  const refused = new Map<number, Set<string>>();
  const failures: unknown[] = [];
  const stops: (() => void)[] = [];
  let elapsedMs = 0;
  let serial = 0;
  let last = '';
  let serverAwayMs = random.pick([0, 0, 5 * HOUR, -5 * HOUR]);

  const page = tokenPage({
    identity: { userId: random.pick(['ann', null]), anonymousId: 'a0' },
    random: random.next,
    provider: answer,
  });
  const { tokenCache, clock } = page;
  let identity: TokenIdentity = { userId: tokenCache.status().userId, anonymousId: 'a0' };
  identities.set(tokenCache.epoch(), identity);

  function make(userId: string): TokenResult {
    const named = `${userId}-${seed}-${serial++}`;
    const serverMs = clock.now() + serverAwayMs;
    const bytes = random.pick([
      `opaque-${named}`,
      jwt({ sub: userId, iat: serverMs / 1_000, exp: (serverMs + random.pick([5 * SECOND, HOUR])) / 1_000 }),
    ]);
    owners.set(bytes, userId);
    last = bytes;
    if (random.chance(0.5)) return bytes;
    return { token: bytes, expiresIn: random.pick([1, 60, 600, 3_600]) };
  }

  function value(userId: string): TokenResult | null {
    const expired = jwt({
      sub: userId,
      iat: (START_MS - 48 * HOUR) / 1_000,
      exp: (START_MS - 47 * HOUR) / 1_000,
    });
    switch (random.below(9)) {
      case 0:
        return null;
      case 1:
        return jwt({ sub: `not-${userId}` });
      case 2:
        owners.set(expired, userId);
        return expired;
      case 3:
        return owners.get(last) === userId ? last : make(userId);
      case 4:
        return 'no token';
      default:
        return make(userId);
    }
  }

  function answer({ userId, signal }: TokenRequest): Promise<TokenResult | null> | TokenResult | null {
    const epoch = tokenCache.epoch();
    // An error that is thrown here would count as a failure of the provider, so it is only recorded.
    if (userId !== identities.get(epoch)?.userId) note(`asked for ${userId}`);
    if (asks.some((ask) => ask.state === 'open' && !ask.signal.aborted)) note('two in flight');
    const ask: Asked = { epoch, signal, state: 'open' };
    asks.push(ask);
    const done = (): void => void (ask.state = 'done');
    switch (random.below(7)) {
      case 0:
        done();
        throw new Error('thrown');
      case 1:
        return Promise.reject(new Error('rejected')).finally(done);
      case 2:
        return new Promise(() => {});
      case 3:
      case 4:
        return new Promise((resolve) => {
          const delayMs = random.pick([1, 500, 5 * SECOND, 12 * SECOND, MINUTE]);
          clock.after(delayMs, () => {
            if (signal.aborted) tally.late++;
            done();
            resolve(value(userId));
          });
        });
      case 5:
        done();
        return value(userId);
      default:
        return Promise.resolve(make(userId)).finally(done);
    }
  }

  function watch<T>(start: () => Promise<T>): Promise<T | undefined> {
    const call: Call = { since: elapsedMs, state: 'open' };
    calls.push(call);
    return start().then(
      (value) => {
        call.state = 'done';
        return value;
      },
      (cause: unknown) => {
        call.state = 'done';
        failures.push(cause);
        if (cause instanceof TokenError) codes.add(cause.code);
        else expect(cause).toBe('gone');
        return undefined;
      },
    );
  }

  /** Checks a grant for a call that was made in this epoch. */
  function check(grant: Grant, epoch: number): void {
    const userId = identities.get(epoch)?.userId;
    expect([grant.epoch, grant.userId]).toEqual([epoch, userId]);
    expect(owners.get(grant.token)).toBe(userId);
    expect(refused.get(epoch)?.has(grant.token) ?? false).toBe(false);
    tally.grants++;
  }

  function refuse({ epoch, token }: Grant): void {
    tally.refusals++;
    refused.set(epoch, (refused.get(epoch) ?? new Set()).add(token));
  }

  /** Waits for as long as the proxy takes to answer. */
  const onTheWay = (): Promise<void> =>
    new Promise((resolve) => void clock.after(random.pick([0, 50, SECOND]), resolve));

  async function privateCall(): Promise<void> {
    const epoch = tokenCache.epoch();
    const control = new AbortController();
    if (random.chance(0.15)) {
      tally.aborted++;
      clock.after(random.below(2_000), () => control.abort('gone'));
    }
    const grant = await watch(() => tokenCache.acquire(control.signal));
    if (!grant) return;
    check(grant, epoch);
    const sentMs = clock.now();
    await onTheWay();
    if (random.chance(0.5)) {
      const receivedMs = clock.now();
      tokenCache.serverTime({ serverMs: receivedMs + serverAwayMs, sentMs, receivedMs });
    }
    if (random.chance(0.5)) return tokenCache.accepted(grant);
    if (tokenCache.epoch() === grant.epoch) refuse(grant);
    const again = await watch(() => tokenCache.rejected(grant, '/v1/inbox/fetch'));
    if (!again) return;
    tally.retries++;
    check(again, epoch);
    await onTheWay();
    if (random.chance(0.5)) return tokenCache.accepted(again);
    if (tokenCache.epoch() === again.epoch) refuse(again);
    await watch(async () => tokenCache.rejectedAgain(again));
  }

  function become(next: TokenIdentity): void {
    const { userId } = next;
    const before = tokenCache.epoch();
    const pushed = userId !== null && random.chance(0.2) ? make(userId) : undefined;
    // Updated before the token cache is, because that may call the provider at once.
    const isOther = userId !== identity.userId || next.anonymousId !== identity.anonymousId;
    identities.set(before + (isOther ? 1 : 0), next);
    identity = next;
    expect(tokenCache.identity(next, pushed)).toBe(isOther);
    expect(tokenCache.epoch()).toBe(before + (isOther ? 1 : 0));
    if (isOther) tally.changes++;
    for (const ask of asks)
      if (ask.epoch < tokenCache.epoch() && ask.state === 'open') expect(ask.signal.aborted).toBe(true);
  }

  async function pass(ms: number): Promise<void> {
    const before = page.asked.length;
    await clock.advance(ms);
    elapsedMs += ms;
    tally.renewals += page.asked.length - before;
    for (const call of calls)
      if (elapsedMs - call.since >= TOKEN_DEFAULTS.waitMs) expect(call.state).toBe('done');
  }

  function checkSecrets(): void {
    const said = JSON.stringify([
      page.events,
      page.warnings,
      tokenCache.status(),
      failures.map((cause) => (cause instanceof Error ? [cause.message, String(cause.cause)] : cause)),
    ]);
    for (const token of owners.keys()) expect(said).not.toContain(token);
  }

  return {
    page,
    async step() {
      switch (random.below(12)) {
        case 0:
          become({ userId: random.pick(['ann', 'bob', 'eve']), anonymousId: identity.anonymousId });
          break;
        case 1:
          become({ userId: null, anonymousId: random.pick(['a1', 'a2']) });
          break;
        case 2:
          clock.set(clock.now() + random.pick([-HOUR, HOUR, -SECOND, 24 * HOUR, -24 * HOUR]));
          break;
        case 3:
          page.sleep(random.pick([MINUTE, HOUR]));
          tokenCache.wake();
          break;
        case 4:
          tokenCache.set(identity.userId !== null && random.chance(0.7) ? value(identity.userId) : null);
          break;
        case 5:
          void watch(() => tokenCache.refresh());
          break;
        case 6:
          page.awake(random.chance(0.6));
          tokenCache.wake();
          break;
        case 7:
          if (random.chance(0.5)) stops.push(tokenCache.subscribe());
          else stops.pop()?.();
          break;
        default:
          for (let i = random.below(4); i >= 0; i--) void privateCall().catch(note);
      }
      if (random.chance(0.05)) serverAwayMs += random.pick([-MINUTE, MINUTE]);
      await pass(random.pick([0, 0, 10, SECOND, 20 * SECOND, MINUTE, 10 * MINUTE]));
    },
    async end() {
      tokenCache.close();
      for (const ask of asks) if (ask.state === 'open') expect(ask.signal.aborted).toBe(true);
      await pass(HOUR);
      for (const call of calls) expect(call.state).toBe('done');
      expect(clock.timers()).toEqual([]);
      checkSecrets();
    },
  };
}

describe('for random changes, errors and clocks', () => {
  test(
    'a grant is for the person of its call, one fetch is in flight, no call hangs, and no token is reported',
    { timeout: patienceMs },
    async () => {
      for (const seed of seeds) {
        const { step, end } = world(seed);
        try {
          for (let i = 0; i < STEPS; i++) await step();
          await end();
          await settled();
          expect(unhandled.splice(0)).toEqual([]);
        } catch (cause) {
          throw new Error(`SEED=${seed}`, { cause });
        }
      }
    },
  );

  // A single seed does not have to reach every case.
  if (!SEED) {
    test('the simulated pages have covered every case', () => {
      for (const [what, count] of Object.entries(tally))
        expect(count, what).toBeGreaterThan(seeds.length / 10);
      for (const code of [
        'anonymous',
        'identity-changed',
        'token-unavailable',
        'provider-failed',
        'provider-timeout',
        'provider-backoff',
        'subject-mismatch',
        'token-rejected',
        'token-malformed',
      ])
        expect(codes).toContain(code);
    });
  }

  test(
    'a proxy that refuses every token causes at most 20 provider calls an hour',
    { timeout: patienceMs },
    async () => {
      for (const seed of seeds) {
        const random = seeded(seed);
        const kinds = 1 + random.below(50);
        let serial = 0;
        const { tokenCache, clock, asked } = tokenPage({
          random: random.next,
          provider: () => `opaque-${random.chance(0.5) ? serial++ : serial++ % kinds}`,
        });
        if (random.chance(0.5)) tokenCache.subscribe();
        const call = async (): Promise<void> => {
          const grant = await tokenCache.acquire();
          if (random.chance(0.2)) return;
          const again = await tokenCache.rejected(grant);
          if (random.chance(0.2)) return;
          tokenCache.rejectedAgain(again);
        };
        for (let elapsedMs = 0; elapsedMs < HOUR;) {
          for (let i = random.below(4); i >= 0; i--) void call().catch(() => undefined);
          const gapMs = Math.min(HOUR - elapsedMs, random.pick([0, SECOND, 10 * SECOND, MINUTE]) + 1);
          await clock.advance(gapMs);
          elapsedMs += gapMs;
        }
        expect(asked.length, `SEED=${seed}`).toBeLessThanOrEqual(20);
      }
      expect(unhandled).toEqual([]);
    },
  );
});
