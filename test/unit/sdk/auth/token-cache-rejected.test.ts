// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { TokenCache } from '../../../../src/sdk/auth/contract.ts';
import { settled, START_MS } from '../../../fakes/clock.ts';
import {
  BOB,
  codeOf,
  codeOfThrow,
  deferred,
  HOUR,
  MINUTE,
  SECOND,
  type TokenPage,
  tokenPage,
} from './token-page.ts';

describe('a 401 (R21)', () => {
  test('gets another token, and the call is made once more with it', async () => {
    const { tokenCache, asked, events } = tokenPage();
    const grant = await tokenCache.acquire();
    const again = await tokenCache.rejected(grant, '/v1/inbox/fetch');
    expect(again.token).not.toBe(grant.token);
    expect(asked[1]).toMatchObject({ reason: 'rejected', forceRefresh: true });
    expect(events[1]).toEqual({ type: 'invalid', userId: 'ann', status: 401, path: '/v1/inbox/fetch' });
  });

  test('twice at once with the same token is one fetch', async () => {
    const { tokenCache, asked } = tokenPage();
    const grant = await tokenCache.acquire();
    const [one, other] = await Promise.all([tokenCache.rejected(grant), tokenCache.rejected(grant)]);
    expect([one.token, asked.length]).toEqual([other.token, 2]);
  });

  test('of an older token is answered with the one in hand, which is not dropped', async () => {
    const { tokenCache, asked, types } = tokenPage();
    const old = await tokenCache.acquire();
    tokenCache.set('pushed');
    expect((await tokenCache.rejected(old)).token).toBe('pushed');
    expect([asked.length, types()]).toEqual([1, ['refreshed', 'refreshed']]);
  });

  test('twice at once with distinct tokens drops the one in hand alone', async () => {
    const { tokenCache, asked } = tokenPage();
    const old = await tokenCache.acquire();
    tokenCache.set('pushed');
    const grant = await tokenCache.acquire();
    const [one, other] = await Promise.all([tokenCache.rejected(grant), tokenCache.rejected(old)]);
    expect([one.token, asked.length]).toEqual([other.token, 2]);
    expect(['pushed', old.token]).not.toContain(one.token);
  });

  test('during a fetch joins it', async () => {
    const { tokenCache, asked, provide } = tokenPage();
    const grant = await tokenCache.acquire();
    const result = deferred<string>();
    provide(() => result.promise);
    void tokenCache.refresh();
    const again = tokenCache.rejected(grant);
    result.resolve('opaque-new');
    expect([(await again).token, asked.length]).toEqual(['opaque-new', 2]);
  });

  test.each(['the same', 'Bearer the same'])('answered with %s bytes sends nothing', async (second) => {
    const { tokenCache, provide, types } = tokenPage({ provider: () => 'the same'.replaceAll(' ', '-') });
    const grant = await tokenCache.acquire();
    provide(() => second.replace('the same', 'the-same'));
    expect(await codeOf(tokenCache.rejected(grant))).toBe('provider-failed');
    expect(await codeOf(tokenCache.acquire())).toBe('provider-backoff');
    expect(types()).toEqual(['refreshed', 'invalid', 'provider_error']);
    tokenCache.set('the-same');
    expect(await codeOf(tokenCache.acquire())).toBe('provider-backoff');
  });

  test('of a call of somebody who is gone changes nothing', async () => {
    const { tokenCache, asked } = tokenPage();
    const grant = await tokenCache.acquire();
    tokenCache.identity(BOB, 'opaque-bob');
    expect(await codeOf(tokenCache.rejected(grant))).toBe('identity-changed');
    expect(codeOfThrow(() => tokenCache.rejectedAgain(grant))).toBe('identity-changed');
    expect(codeOfThrow(() => tokenCache.forbidden(grant))).toBe('identity-changed');
    expect([(await tokenCache.acquire()).token, asked.length]).toEqual(['opaque-bob', 1]);
  });

  test('and the person changes while another token is fetched: it is not given', async () => {
    const { tokenCache, provide } = tokenPage();
    const grant = await tokenCache.acquire();
    const result = deferred<string>();
    provide(() => result.promise);
    const again = codeOf(tokenCache.rejected(grant));
    tokenCache.identity(BOB);
    result.resolve('opaque-ann');
    expect(await again).toBe('identity-changed');
  });

  test('twice for one call ends it, and drops the second token, too', async () => {
    const { tokenCache } = tokenPage();
    const again = await tokenCache.rejected(await tokenCache.acquire());
    expect(codeOfThrow(() => tokenCache.rejectedAgain(again))).toBe('token-rejected');
    expect(tokenCache.status().state).toBe('none');
    expect((await tokenCache.acquire()).token).not.toBe(again.token);
  });

  test('without a provider says that the token was refused', async () => {
    const { tokenCache } = tokenPage({ provider: 'none' });
    tokenCache.set('pushed');
    expect(await codeOf(tokenCache.rejected(await tokenCache.acquire()))).toBe('token-rejected');
  });
});

/** Makes a private call to a proxy that always answers 401. */
async function refusedCall(tokenCache: TokenCache): Promise<unknown> {
  return codeOf(
    (async () => {
      const again = await tokenCache.rejected(await tokenCache.acquire());
      return tokenCache.rejectedAgain(again);
    })(),
  );
}

async function blocked(): Promise<TokenPage> {
  const page = tokenPage();
  for (let i = 0; i < 3; i++) expect(await refusedCall(page.tokenCache)).toBe('token-rejected');
  return page;
}

describe('the breaker', () => {
  test('blocks private calls for 5 minutes after three fresh tokens that were refused', async () => {
    const { tokenCache, asked, events, clock } = await blocked();
    const retryAtMs = START_MS + 5 * MINUTE;
    expect(events.filter(({ type }) => type === 'blocked')).toEqual([
      { type: 'blocked', userId: 'ann', retryAtMs },
    ]);
    expect(tokenCache.status()).toEqual({ state: 'blocked', userId: 'ann', retryAtMs });
    await clock.advance(5 * MINUTE - 1);
    expect(await codeOf(tokenCache.acquire())).toBe('token-blocked');
    expect((await tokenCache.refresh()).state).toBe('blocked');
    expect(asked).toHaveLength(6);
    await clock.advance(1);
    expect((await tokenCache.acquire()).userId).toBe('ann');
  });

  test('blocks for twice as long each further time, and for an hour at most', async () => {
    const { tokenCache, clock } = await blocked();
    const minutes: number[] = [];
    for (let i = 0; i < 5; i++) {
      const { retryAtMs = 0 } = tokenCache.status();
      minutes.push((retryAtMs - clock.now()) / MINUTE);
      await clock.advance(retryAtMs - clock.now());
      await refusedCall(tokenCache);
    }
    expect(minutes).toEqual([5, 10, 20, 40, 60]);
  });

  test('is reset by one answer that is no refusal', async () => {
    const page = tokenPage();
    for (let i = 0; i < 9; i++) {
      expect(await refusedCall(page.tokenCache)).toBe('token-rejected');
      if (i % 2) page.tokenCache.accepted(await page.tokenCache.acquire());
    }
    expect(page.types()).not.toContain('blocked');
  });

  test('counts a token once, however many calls were made with it', async () => {
    const { tokenCache, types } = tokenPage();
    const grant = await tokenCache.acquire();
    const again = await Promise.all(Array.from({ length: 9 }, () => tokenCache.rejected(grant)));
    for (const each of again)
      expect(codeOfThrow(() => tokenCache.rejectedAgain(each))).toBe('token-rejected');
    expect(types()).not.toContain('blocked');
  });

  test('counts also where each call gives up after its first refusal', async () => {
    const page = tokenPage();
    for (let i = 0; i < 9; i++) {
      const grant = await page.tokenCache.acquire().catch(() => undefined);
      if (grant) await codeOf(page.tokenCache.rejected(grant));
    }
    expect(page.types()).toContain('blocked');
    expect(page.asked.length).toBeLessThan(6);
  });

  test('is lifted by a token that is set, and closes again when that is refused', async () => {
    const { tokenCache } = await blocked();
    tokenCache.set('pushed');
    const grant = await tokenCache.acquire();
    expect(grant.token).toBe('pushed');
    const again = await tokenCache.rejected(grant);
    expect(codeOfThrow(() => tokenCache.rejectedAgain(again))).toBe('token-rejected');
    expect(tokenCache.status().state).toBe('blocked');
  });

  test('is gone with the identity', async () => {
    const { tokenCache } = await blocked();
    tokenCache.identity(BOB);
    expect((await tokenCache.acquire()).userId).toBe('bob');
  });

  test.each<[string, (serial: number) => string]>([
    ['fresh tokens', (serial) => `opaque-${serial}`],
    ['one token', () => 'opaque'],
    ['two tokens in turn', (serial) => `opaque-${serial % 2}`],
    ['forty tokens in turn', (serial) => `opaque-${serial % 40}`],
  ])('holds a provider of %s to 20 calls an hour while the proxy always says 401', async (_, token) => {
    for (const random of [() => 0, () => 0.5, () => 0.999]) {
      let serial = 0;
      const { tokenCache, clock, asked } = tokenPage({ random, provider: () => token(serial++) });
      tokenCache.subscribe();
      for (let second = 0; second < 3_600; second++) {
        await Promise.all([refusedCall(tokenCache), refusedCall(tokenCache)]);
        await clock.advance(SECOND);
      }
      expect(asked.length).toBeLessThanOrEqual(20);
      expect(asked.length).toBeGreaterThan(3);
    }
  });
});

describe('a 403 (R22)', () => {
  test.each(['insufficient', 'subject_mismatch'] as const)(
    '%s is the end of that call alone',
    async (why) => {
      const { tokenCache, asked, events } = tokenPage();
      const grant = await tokenCache.acquire();
      expect(codeOfThrow(() => tokenCache.forbidden(grant, why, '/v1/inbox/delete'))).toBe('forbidden');
      expect(events[1]).toEqual({ type: why, userId: 'ann', status: 403, path: '/v1/inbox/delete' });
      await settled();
      expect([(await tokenCache.acquire()).token, asked.length]).toEqual([grant.token, 1]);
      expect(tokenCache.status().expiresAtMs).toBe(START_MS + HOUR);
    },
  );
});
