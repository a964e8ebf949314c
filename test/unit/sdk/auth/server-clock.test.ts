// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { TokenResult } from '../../../../src/sdk/auth/contract.ts';
import { START_MS } from '../../../fakes/clock.ts';
import {
  ANN,
  BOB,
  codeOf,
  HOUR,
  hourJwt,
  jwt,
  MINUTE,
  SECOND,
  type TokenPage,
  tokenPage,
} from './token-page.ts';

/** Passes the proxy's time to the token cache. */
function tellTime({ tokenCache, clock }: TokenPage, serverMs: number, roundTripMs = 100): void {
  const receivedMs = clock.now();
  tokenCache.serverTime({
    serverMs: serverMs - roundTripMs / 2,
    sentMs: receivedMs - roundTripMs,
    receivedMs,
  });
}

const seconds = (ms: number): number => Math.floor(ms / 1_000);
const hour = (atMs: number): string => hourJwt('ann', atMs);

describe('how long a token lasts (R14)', () => {
  test.each<[string, TokenResult, number]>([
    [
      'expiresIn, before all else',
      { token: hour(START_MS), expiresIn: 60, expiresAt: START_MS + 5 * MINUTE },
      MINUTE,
    ],
    ['expiresAt', { token: hour(START_MS), expiresAt: START_MS + 5 * MINUTE }, 5 * MINUTE],
    ['exp', hour(START_MS), HOUR],
    ['5 minutes where nothing is said', 'opaque', 5 * MINUTE],
    ['5 minutes for a JWT without exp', jwt({ sub: 'ann' }), 5 * MINUTE],
  ])('%s', async (_, token, lifetimeMs) => {
    const { tokenCache } = tokenPage({ provider: () => token });
    await tokenCache.acquire();
    expect(tokenCache.status().expiresAtMs).toBe(START_MS + lifetimeMs);
  });

  test.each([
    [3_600, HOUR - 30 * SECOND, HOUR - 285 * SECOND],
    [100, 90 * SECOND, 81 * SECOND],
  ])('of %d s it is used until %d ms, and due from %d ms on', async (expiresIn, hardMs, dueMs) => {
    const { tokenCache, clock, awake } = tokenPage({ provider: () => ({ token: 'opaque', expiresIn }) });
    awake(false);
    await tokenCache.acquire();
    await clock.advance(dueMs - 1);
    expect(tokenCache.status().state).toBe('usable');
    await clock.advance(1);
    expect(tokenCache.status().state).toBe('due');
    await clock.advance(hardMs - dueMs - 1);
    expect(tokenCache.status().state).toBe('due');
    await clock.advance(1);
    expect(tokenCache.status().state).toBe('expired');
  });

  test('an expired one is not used: another is fetched', async () => {
    const { tokenCache, clock, asked, awake, types } = tokenPage();
    awake(false);
    const { token } = await tokenCache.acquire();
    await clock.advance(HOUR);
    expect((await tokenCache.acquire()).token).not.toBe(token);
    expect(asked[1]).toMatchObject({ reason: 'expired', forceRefresh: true });
    expect(types()).toEqual(['refreshed', 'expired', 'refreshed']);
  });

  test('one that ends before it can be used is not used', async () => {
    const { tokenCache } = tokenPage({ provider: () => ({ token: 'opaque', expiresIn: 0 }) });
    expect(await codeOf(tokenCache.acquire())).toBe('token-expired');
  });
});

describe('the clock of the server (R15)', () => {
  test('is not known: a clock that is behind is put right by iat', async () => {
    const page = tokenPage({ provider: () => hour(START_MS + 5 * HOUR) });
    await page.tokenCache.acquire();
    expect(page.tokenCache.status().expiresAtMs).toBe(START_MS + HOUR);
  });

  test.each([-5 * HOUR, 5 * HOUR])(
    'is %d ms away and known: a token lasts as long as it does',
    async (away) => {
      const page = tokenPage({ provider: () => hour(START_MS + away) });
      tellTime(page, START_MS + away);
      await page.tokenCache.acquire();
      expect(page.tokenCache.status().expiresAtMs).toBe(START_MS + HOUR);
      expect(page.asked).toHaveLength(1);
    },
  );

  test('is known best by the answer with the shortest way', async () => {
    const page = tokenPage({ provider: () => ({ token: 'opaque', expiresAt: START_MS + HOUR }) });
    tellTime(page, START_MS + 10_000, 100);
    tellTime(page, START_MS + 11_500, 4_000);
    await page.tokenCache.acquire();
    expect(page.tokenCache.status().expiresAtMs).toBe(START_MS + HOUR - 10_000);
    tellTime(page, START_MS + 13_000, 50);
    expect(page.tokenCache.status().expiresAtMs).toBe(START_MS + HOUR - 13_000);
  });

  test('is learnt anew when an answer cannot be true beside the older one', async () => {
    const page = tokenPage({ provider: () => ({ token: 'opaque', expiresAt: START_MS + HOUR }) });
    tellTime(page, START_MS, 10);
    tellTime(page, START_MS + MINUTE, 2_000);
    await page.tokenCache.acquire();
    expect(page.tokenCache.status().expiresAtMs).toBe(START_MS + HOUR - MINUTE);
  });

  test('is not learnt from what is no time', async () => {
    const page = tokenPage({ provider: () => hour(START_MS) });
    page.tokenCache.serverTime({ serverMs: Number.NaN, sentMs: START_MS, receivedMs: START_MS });
    page.tokenCache.serverTime({ serverMs: 5, sentMs: START_MS + 1, receivedMs: START_MS });
    await page.tokenCache.acquire();
    expect(page.tokenCache.status().expiresAtMs).toBe(START_MS + HOUR);
  });

  test('becomes known: the token in hand lasts as long as it really does', async () => {
    const page = tokenPage({ provider: () => hour(START_MS + 30 * MINUTE) });
    await page.tokenCache.acquire();
    expect(page.tokenCache.status().expiresAtMs).toBe(START_MS + HOUR);
    tellTime(page, START_MS + 45 * MINUTE);
    expect(page.tokenCache.status().expiresAtMs).toBe(START_MS + 45 * MINUTE);
  });

  test('becomes known: a token that lasts longer than it seemed to is told again when it is old', async () => {
    const page = tokenPage({ provider: 'none' });
    page.tokenCache.set(hour(START_MS - 50 * MINUTE));
    await page.tokenCache.acquire();
    await page.clock.advance(8.5 * MINUTE);
    await page.tokenCache.acquire();
    tellTime(page, START_MS - 20 * MINUTE);
    expect(page.tokenCache.status().state).toBe('usable');
    await page.clock.advance(26 * MINUTE);
    await page.tokenCache.acquire();
    expect(page.types()).toEqual(['refreshed', 'expired_soon', 'expired_soon']);
  });
});

describe('a clock that does what it likes (R16)', () => {
  test('a token that expires while the machine sleeps is not used', async () => {
    const page = tokenPage();
    const { token } = await page.tokenCache.acquire();
    page.sleep(2 * HOUR);
    page.tokenCache.wake();
    expect(page.tokenCache.status().state).toBe('expired');
    expect((await page.tokenCache.acquire()).token).not.toBe(token);
  });

  test('set back: a token does not last longer, and that is told once', async () => {
    const page = tokenPage({ provider: () => ({ token: 'opaque', expiresIn: 3_600 }) });
    page.awake(false);
    await page.tokenCache.acquire();
    await page.clock.advance(10 * MINUTE);
    page.clock.set(START_MS - 24 * HOUR);
    await page.clock.advance(49 * MINUTE);
    await page.tokenCache.acquire();
    page.tokenCache.wake();
    expect(page.types().filter((type) => type === 'clock_suspect')).toHaveLength(1);
    page.clock.set(START_MS - 48 * HOUR);
    await page.clock.advance(30 * SECOND);
    expect(page.asked.length).toBe(2);
  });

  test('set back by less than 5 s: nothing is told', async () => {
    const page = tokenPage();
    await page.tokenCache.acquire();
    page.clock.set(START_MS - 4_000);
    await page.tokenCache.acquire();
    expect(page.types()).toEqual(['refreshed']);
  });

  test('set forward: the token counts as old, and another is fetched', async () => {
    const page = tokenPage();
    const { token } = await page.tokenCache.acquire();
    page.clock.set(START_MS + 24 * HOUR);
    expect((await page.tokenCache.acquire()).token).not.toBe(token);
  });

  test('set forward after the server’s was known: what comes is not taken for expired', async () => {
    const page = tokenPage({ provider: () => hour(START_MS) });
    tellTime(page, START_MS);
    page.clock.set(START_MS + 24 * HOUR);
    expect((await page.tokenCache.acquire()).userId).toBe('ann');
    expect([page.asked.length, page.types()]).toEqual([2, ['clock_suspect', 'refreshed']]);
  });

  test('set back after the server’s was known: that stays known', async () => {
    const page = tokenPage({ provider: () => hour(START_MS) });
    tellTime(page, START_MS);
    page.clock.set(START_MS - 24 * HOUR);
    await page.tokenCache.acquire();
    expect(page.tokenCache.status().expiresAtMs).toBe(START_MS - 24 * HOUR + HOUR);
    expect(page.asked).toHaveLength(1);
  });

  test('set back: a pause does not last longer', async () => {
    const page = tokenPage({ provider: () => null });
    await codeOf(page.tokenCache.acquire());
    page.clock.set(START_MS - 24 * HOUR);
    await page.clock.advance(30 * SECOND);
    page.provide(() => 'opaque');
    expect((await page.tokenCache.acquire()).token).toBe('opaque');
  });
});

describe('a token that has expired when it comes (R17)', () => {
  test('is asked for once more', async () => {
    const { tokenCache, asked } = tokenPage({
      provider: ({ forceRefresh }) => hour(forceRefresh ? START_MS : START_MS - 2 * HOUR),
    });
    await tokenCache.acquire();
    expect(asked.map(({ forceRefresh }) => forceRefresh)).toEqual([false, true]);
    expect(tokenCache.status().expiresAtMs).toBe(START_MS + HOUR);
  });

  test('by a clock that is known, twice: it is a failure', async () => {
    const page = tokenPage({ provider: () => hour(START_MS - 2 * HOUR) });
    tellTime(page, START_MS);
    expect(await codeOf(page.tokenCache.acquire())).toBe('token-expired');
    expect([page.asked.length, page.types()]).toEqual([2, ['expired']]);
    expect(await codeOf(page.tokenCache.acquire())).toBe('provider-backoff');
  });

  test('by a clock that was known, and set since: what comes after that failure is sent, and the server tells its time', async () => {
    const page = tokenPage({ provider: () => hour(page.clock.now() - 3 * HOUR) });
    tellTime(page, START_MS);
    expect(await codeOf(page.tokenCache.acquire())).toBe('token-expired');
    await page.clock.advance(MINUTE);
    expect((await page.tokenCache.acquire()).userId).toBe('ann');
    expect(page.types()).toEqual(['expired', 'clock_suspect', 'refreshed']);
    tellTime(page, page.clock.now() - 3 * HOUR);
    expect(page.tokenCache.status().expiresAtMs).toBe(page.clock.now() + HOUR);
  });

  test('by a clock that is not known, twice: it is sent, and the server decides', async () => {
    const page = tokenPage({ provider: () => hour(START_MS - 24 * HOUR) });
    expect((await page.tokenCache.acquire()).userId).toBe('ann');
    expect(page.types()).toEqual(['clock_suspect', 'refreshed']);
    expect(page.tokenCache.status().expiresAtMs).toBe(START_MS + HOUR);
    tellTime(page, START_MS - 24 * HOUR + 10 * MINUTE);
    expect(page.tokenCache.status().expiresAtMs).toBe(START_MS + 50 * MINUTE);
    tellTime(page, START_MS, 10);
    expect(page.tokenCache.status().state).toBe('expired');
  });

  test('and does not say when it was made is tried for a minute', async () => {
    const page = tokenPage({ provider: () => jwt({ sub: 'ann', exp: seconds(START_MS - HOUR) }) });
    await page.tokenCache.acquire();
    expect(page.tokenCache.status().expiresAtMs).toBe(START_MS + MINUTE);
  });

  test('that was set is tried, too, where the clock is not known', async () => {
    const page = tokenPage({ identity: ANN });
    page.tokenCache.set(hour(START_MS - 24 * HOUR));
    expect([page.tokenCache.status().state, page.types()]).toEqual([
      'usable',
      ['clock_suspect', 'refreshed'],
    ]);
    page.tokenCache.identity(BOB);
    tellTime(page, START_MS);
    page.tokenCache.set(hourJwt('bob', START_MS - 24 * HOUR));
    expect(page.tokenCache.status().state).toBe('none');
  });
});
