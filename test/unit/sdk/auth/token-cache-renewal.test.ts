// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { START_MS } from '../../../fakes/clock.ts';
import { BOB, codeOf, HOUR, MINUTE, SECOND, tokenPage } from './token-page.ts';

const DUE_MS = HOUR - 285 * SECOND;
const reasons = ({ asked }: ReturnType<typeof tokenPage>): readonly string[] =>
  asked.map(({ reason }) => reason);

describe('renewed without being asked for (R20)', () => {
  test('while somebody subscribes, 5 minutes ahead at most, with one timer', async () => {
    const page = tokenPage();
    const stop = page.tokenCache.subscribe();
    await page.tokenCache.acquire();
    await page.tokenCache.acquire();
    expect(page.clock.timers()).toEqual([DUE_MS]);
    await page.clock.advance(DUE_MS - 1);
    expect(reasons(page)).toEqual(['initial']);
    await page.clock.advance(1);
    expect([reasons(page), page.clock.timers()]).toEqual([['initial', 'due'], [DUE_MS]]);
    stop();
    stop();
    expect(page.clock.timers()).toEqual([]);
  });

  test('up to a tenth of the 5 minutes is left out by chance', async () => {
    for (const [random, aheadMs] of [
      [0, 300_000],
      [0.999_999, 270_000],
    ] as const) {
      const page = tokenPage({ random: () => random });
      page.tokenCache.subscribe();
      await page.tokenCache.acquire();
      expect(page.clock.timers()[0]).toBeCloseTo(HOUR - aheadMs, -1);
    }
  });

  test('within 30 minutes of a private call, and not for long after it', async () => {
    const page = tokenPage({ provider: () => ({ token: 'opaque', expiresIn: 600 }) });
    await page.tokenCache.acquire();
    expect(page.clock.timers()).toHaveLength(1);
    await page.clock.advance(30 * MINUTE);
    const asked = page.asked.length;
    expect([asked > 2, page.clock.timers()]).toEqual([true, []]);
    await page.clock.advance(HOUR);
    expect(page.asked).toHaveLength(asked);
    await page.tokenCache.acquire();
    expect(page.clock.timers()).toHaveLength(1);
  });

  test('no timer is set where the page will be idle by then', async () => {
    const page = tokenPage();
    await page.tokenCache.acquire();
    expect(page.clock.timers()).toEqual([]);
  });

  test('no timer is set in a hidden page, and one that was set does nothing there', async () => {
    const page = tokenPage();
    page.tokenCache.subscribe();
    await page.tokenCache.acquire();
    page.awake(false);
    await page.clock.advance(3 * HOUR);
    expect([page.asked.length, page.clock.timers()]).toEqual([1, []]);
    page.awake(true);
    page.tokenCache.wake();
    await page.clock.advance(0);
    expect(reasons(page)).toEqual(['initial', 'expired']);
    expect(page.types()).toEqual(['refreshed', 'expired', 'refreshed']);
  });

  test('after a sleep it is looked at when the page wakes', async () => {
    const page = tokenPage();
    page.tokenCache.subscribe();
    await page.tokenCache.acquire();
    page.sleep(HOUR - MINUTE);
    page.tokenCache.wake();
    await page.clock.advance(0);
    expect(reasons(page)).toEqual(['initial', 'due']);
  });

  test('no timer is longer than 6 hours', async () => {
    const page = tokenPage({ provider: () => ({ token: 'opaque', expiresIn: 60 * 24 * 3_600 }) });
    page.tokenCache.subscribe();
    await page.tokenCache.acquire();
    expect(page.clock.timers()).toEqual([6 * HOUR]);
    await page.clock.advance(60 * 24 * HOUR - 300 * SECOND);
    expect(page.asked).toHaveLength(1);
    await page.clock.advance(30 * SECOND);
    expect(reasons(page)).toEqual(['initial', 'due']);
  });

  test('one that fails is tried again after the wait, and the old one is used meanwhile', async () => {
    const page = tokenPage();
    page.tokenCache.subscribe();
    const { token } = await page.tokenCache.acquire();
    page.provide(() => Promise.reject(new Error('no')));
    await page.clock.advance(DUE_MS);
    expect(page.clock.timers()).toEqual([500]);
    expect((await page.tokenCache.acquire()).token).toBe(token);
    page.provide(() => 'opaque-new');
    await page.clock.advance(500);
    expect((await page.tokenCache.acquire()).token).toBe('opaque-new');
    expect(page.types()).toEqual(['refreshed', 'expired_soon', 'provider_error', 'refreshed']);
  });

  test('tokens that hardly last are not asked for more than once a second', async () => {
    const page = tokenPage({ provider: () => ({ token: 'opaque', expiresIn: 0.001 }) });
    page.tokenCache.subscribe();
    await codeOf(page.tokenCache.acquire());
    await page.clock.advance(10 * SECOND);
    expect(page.asked.length).toBeLessThanOrEqual(11);
  });

  test('the token of somebody new is fetched at once where the last call was not long ago', async () => {
    const page = tokenPage();
    await page.tokenCache.acquire();
    page.tokenCache.identity(BOB);
    await page.clock.advance(0);
    expect(page.tokenCache.status()).toMatchObject({ state: 'usable', userId: 'bob' });
    expect(reasons(page)).toEqual(['initial', 'identify']);
  });

  test('the token of somebody new is not fetched where nobody needs it', async () => {
    const page = tokenPage();
    page.tokenCache.identity(BOB);
    await page.clock.advance(HOUR);
    expect([page.asked, page.clock.timers()]).toEqual([[], []]);
  });

  test('that fails for somebody new is not tried again before it is needed', async () => {
    const page = tokenPage({ provider: () => Promise.reject(new Error('no')) });
    page.tokenCache.subscribe();
    page.tokenCache.identity(BOB);
    await page.clock.advance(HOUR);
    expect([page.asked.length, page.clock.timers()]).toEqual([1, []]);
    expect(page.clock.now()).toBe(START_MS + HOUR);
  });
});

describe('a listener of "expired_soon"', () => {
  test('that changes the person: the provider is not asked for the one before, and the next person gets an own token', async () => {
    const { tokenCache, clock, asked, onTell } = tokenPage();
    tokenCache.subscribe();
    await tokenCache.acquire();
    onTell(({ type }) => {
      if (type === 'expired_soon') tokenCache.identity(BOB);
    });
    await clock.advance(HOUR);
    expect(asked.slice(1).map(({ userId }) => userId)).not.toContain('ann');
    expect((await tokenCache.acquire()).token).toContain('opaque-bob');
  });

  test('that closes the token cache: the provider is not asked any more', async () => {
    const { tokenCache, clock, asked, onTell } = tokenPage();
    tokenCache.subscribe();
    await tokenCache.acquire();
    onTell(({ type }) => {
      if (type === 'expired_soon') tokenCache.close();
    });
    await clock.advance(HOUR);
    expect(asked).toHaveLength(1);
    expect(clock.timers()).toEqual([]);
  });
});
