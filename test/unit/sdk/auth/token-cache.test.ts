// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { Grant, TokenResult } from '../../../../src/sdk/auth/contract.ts';
import { settled, START_MS } from '../../../fakes/clock.ts';
import {
  ANN,
  BOB,
  codeOf,
  deferred,
  HOUR,
  hourJwt,
  jwt,
  MINUTE,
  NOBODY,
  SECOND,
  tokenPage,
} from './token-page.ts';

type Settle = (done: (value: string) => void, fail: (cause: unknown) => void) => void;

/** A thenable that is not a promise. */
function thenable(settle: Settle, name = 'then'): PromiseLike<string> {
  return { [name]: settle } as unknown as PromiseLike<string>;
}

describe('who it is (R3, R4)', () => {
  test('another identity is another epoch, and the same one changes nothing', async () => {
    const { tokenCache, asked } = tokenPage();
    const before = await tokenCache.acquire();
    expect(tokenCache.identity({ ...ANN })).toBe(false);
    expect([tokenCache.epoch(), (await tokenCache.acquire()).token]).toEqual([0, before.token]);
    expect(tokenCache.identity(BOB)).toBe(true);
    expect(tokenCache.epoch()).toBe(1);
    expect(tokenCache.identity({ ...BOB, anonymousId: 'a2' })).toBe(true);
    expect([tokenCache.epoch(), asked.length]).toEqual([2, 1]);
  });

  test('the token of the one before is gone at once', async () => {
    const { tokenCache, asked, types } = tokenPage();
    await tokenCache.acquire();
    tokenCache.identity(BOB);
    expect(tokenCache.status()).toEqual({ state: 'none', userId: 'bob' });
    const grant = await tokenCache.acquire();
    expect([grant.userId, grant.epoch]).toEqual(['bob', 1]);
    expect(grant.token).toContain('bob');
    expect(asked.map(({ userId, reason }) => [userId, reason])).toEqual([
      ['ann', 'initial'],
      ['bob', 'identify'],
    ]);
    expect(types()).toEqual(['refreshed', 'cleared', 'refreshed']);
  });

  test('calls that wait are rejected, and the provider is told that its answer no longer counts', async () => {
    const { tokenCache, asked, provide, clock } = tokenPage();
    provide(() => new Promise(() => {}));
    const waiting = [codeOf(tokenCache.acquire()), codeOf(tokenCache.acquire())];
    tokenCache.identity(BOB);
    expect(asked[0]?.signal.aborted).toBe(true);
    expect(await Promise.all(waiting)).toEqual(['identity-changed', 'identity-changed']);
    await clock.advance(0);
    expect(asked.map(({ userId, signal }) => [userId, signal.aborted])).toEqual([
      ['ann', true],
      ['bob', false],
    ]);
  });

  test('A, B and A again: what comes for the first A is not given to the second', async () => {
    const { tokenCache, provide } = tokenPage();
    const late = deferred<string>();
    provide(() => late.promise);
    const waiting = codeOf(tokenCache.acquire());
    tokenCache.identity(BOB);
    tokenCache.identity(ANN);
    late.resolve('opaque-first');
    await settled();
    expect(await waiting).toBe('identity-changed');
    expect(tokenCache.status().state).toBe('none');
    provide(() => 'opaque-second');
    expect(await tokenCache.acquire()).toEqual({ token: 'opaque-second', epoch: 2, userId: 'ann' });
  });

  test('a result that comes in the very moment of the change is not used', async () => {
    const { tokenCache, provide } = tokenPage();
    const result = deferred<string>();
    provide(() => result.promise);
    const waiting = codeOf(tokenCache.acquire());
    result.resolve('opaque-ann');
    tokenCache.identity(BOB);
    expect(await waiting).toBe('identity-changed');
    expect(tokenCache.status()).toEqual({ state: 'none', userId: 'bob' });
  });

  test('events are told when all is done', async () => {
    const { tokenCache, onTell } = tokenPage();
    await tokenCache.acquire();
    let seen: unknown;
    onTell(({ type }) => {
      if (type === 'cleared') seen = [tokenCache.epoch(), tokenCache.status().userId];
    });
    tokenCache.identity(BOB);
    expect(seen).toEqual([1, 'bob']);
  });

  test('pauses of the one before are gone', async () => {
    const { tokenCache, provide } = tokenPage();
    provide(() => null);
    await codeOf(tokenCache.acquire());
    provide(() => 'opaque');
    tokenCache.identity(BOB);
    expect((await tokenCache.acquire()).token).toBe('opaque');
  });

  test('a token may come with the identity, and the provider is not asked', async () => {
    const { tokenCache, asked } = tokenPage();
    tokenCache.identity(BOB, hourJwt('bob'));
    expect((await tokenCache.acquire()).userId).toBe('bob');
    tokenCache.identity({ ...BOB }, 'another');
    expect((await tokenCache.acquire()).token).toBe('another');
    expect(asked).toEqual([]);
  });

  test('a listener that throws or changes the identity again disturbs nothing', async () => {
    const { tokenCache, onTell, warnings } = tokenPage();
    await tokenCache.acquire();
    onTell(() => {
      tokenCache.identity({ userId: 'eve', anonymousId: 'a3' });
      throw new Error('listener');
    });
    tokenCache.identity(BOB, 'opaque-bob');
    expect(tokenCache.status()).toEqual({ state: 'none', userId: 'eve' });
    expect(warnings).toEqual(['A listener of the event "token" threw an error']);
  });

  test('nobody: the provider is not asked (R7)', async () => {
    const { tokenCache, asked, warnings } = tokenPage({ identity: NOBODY });
    expect(await codeOf(tokenCache.acquire())).toBe('anonymous');
    expect(await tokenCache.refresh()).toEqual({ state: 'anonymous', userId: null });
    tokenCache.set('opaque');
    expect([tokenCache.status().state, asked, warnings.length]).toEqual(['anonymous', [], 1]);
  });
});

describe('a private call (R8, R9)', () => {
  test('50 at once are one call of the provider', async () => {
    const { tokenCache, asked } = tokenPage();
    const grants = await Promise.all(Array.from({ length: 50 }, () => tokenCache.acquire()));
    expect(new Set(grants.map(({ token }) => token)).size).toBe(1);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ userId: 'ann', anonymousId: 'a1', reason: 'initial' });
    expect([asked[0]?.forceRefresh, asked[0]?.attempt]).toEqual([false, 1]);
  });

  test('with a token that is due uses it, and one fetch begins behind it', async () => {
    const { tokenCache, asked, clock, types, awake } = tokenPage();
    awake(false);
    const { token } = await tokenCache.acquire();
    await clock.advance(HOUR - 4 * MINUTE);
    expect([tokenCache.status().state, asked.length]).toEqual(['due', 1]);
    const grants = await Promise.all([tokenCache.acquire(), tokenCache.acquire()]);
    expect(grants.map((grant) => grant.token)).toEqual([token, token]);
    expect(asked.map(({ reason, forceRefresh }) => [reason, forceRefresh])).toEqual([
      ['initial', false],
      ['due', true],
    ]);
    await settled();
    expect((await tokenCache.acquire()).token).not.toBe(token);
    expect(types()).toEqual(['refreshed', 'expired_soon', 'refreshed']);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('no');
      },
      'provider-failed',
    ],
    ['rejects', () => Promise.reject(new Error('no')), 'provider-failed'],
    ['rejects with nothing', () => Promise.reject(), 'provider-failed'],
    ['gives what is no token', () => 5 as unknown as string, 'token-malformed'],
    ['gives a token with spaces', () => 'a b', 'token-malformed'],
    ['gives an unsigned token', () => jwt({ sub: 'ann' }, { alg: 'none' }), 'token-malformed'],
    ['gives null', () => null, 'token-unavailable'],
    ['gives nothing', () => undefined, 'token-unavailable'],
    ['gives an empty text', () => '', 'token-unavailable'],
  ])('whose provider %s fails, and so do all that wait', async (_, provider, code) => {
    const { tokenCache, asked } = tokenPage({ provider });
    expect(await Promise.all([codeOf(tokenCache.acquire()), codeOf(tokenCache.acquire())])).toEqual([
      code,
      code,
    ]);
    expect(asked).toHaveLength(1);
  });

  test.each<[string, () => PromiseLike<TokenResult> | TokenResult]>([
    ['a text', () => 'opaque'],
    ['an object', () => ({ token: 'opaque' })],
    ['a promise', async () => 'opaque'],
    ['a thenable', () => thenable((done) => done('opaque'))],
    [
      'a thenable that settles twice',
      () =>
        thenable((done, fail) => {
          done('opaque');
          done('other');
          fail(new Error('no'));
        }),
    ],
  ])('whose provider gives %s has a token', async (_, provider) => {
    const { tokenCache } = tokenPage({ provider });
    expect((await tokenCache.acquire()).token).toBe('opaque');
  });

  test('that is aborted does not end the fetch for the others', async () => {
    const { tokenCache, asked, provide } = tokenPage();
    const result = deferred<string>();
    provide(() => result.promise);
    const control = new AbortController();
    const one = codeOf(tokenCache.acquire(control.signal));
    const other = tokenCache.acquire();
    control.abort('gone');
    expect(await one).toBe('gone');
    expect(asked[0]?.signal.aborted).toBe(false);
    result.resolve('opaque');
    expect((await other).token).toBe('opaque');
    expect(await codeOf(tokenCache.acquire(AbortSignal.abort('early')))).toBe('early');
  });

  test('waits for waitMs at most, while the fetch goes on', async () => {
    const { tokenCache, clock, provide, asked } = tokenPage({ options: { timeoutMs: 20_000 } });
    const result = deferred<string>();
    provide(() => result.promise);
    const waiting = codeOf(tokenCache.acquire());
    const refresh = tokenCache.refresh();
    await clock.advance(15 * SECOND);
    expect(await waiting).toBe('provider-timeout');
    expect((await refresh).state).toBe('refreshing');
    expect(asked[0]?.signal.aborted).toBe(false);
    result.resolve('opaque');
    await settled();
    expect((await tokenCache.acquire()).token).toBe('opaque');
    expect(asked).toHaveLength(1);
  });

  test('of a provider that itself asks for a token shares its own fetch', async () => {
    const { tokenCache, asked, provide } = tokenPage();
    let inner: Promise<Grant> | undefined;
    provide(() => {
      inner ??= tokenCache.acquire();
      return 'opaque';
    });
    expect((await tokenCache.acquire()).token).toBe('opaque');
    expect((await inner)?.token).toBe('opaque');
    expect(asked).toHaveLength(1);
  });

  test('without provider and token is told so, and can use a token that is set', async () => {
    const { tokenCache, clock, types } = tokenPage({ provider: 'none' });
    expect(await codeOf(tokenCache.acquire())).toBe('auth-disabled');
    tokenCache.set({ token: 'pushed', expiresIn: 100 });
    expect((await tokenCache.acquire()).token).toBe('pushed');
    await clock.advance(85 * SECOND);
    expect(types()).toEqual(['refreshed', 'expired_soon']);
    await clock.advance(10 * SECOND);
    expect(await codeOf(tokenCache.acquire())).toBe('token-expired');
    expect(types()).toEqual(['refreshed', 'expired_soon', 'expired']);
    expect(await tokenCache.refresh()).toMatchObject({ state: 'expired' });
  });
});

describe('a provider that takes too long (R10)', () => {
  test('is aborted after 10 s, and left alone for a while', async () => {
    const { tokenCache, clock, asked, provide, types } = tokenPage();
    provide(() => new Promise(() => {}));
    const waiting = codeOf(tokenCache.acquire());
    await clock.advance(9_999);
    expect(asked[0]?.signal.aborted).toBe(false);
    await clock.advance(1);
    expect([await waiting, asked[0]?.signal.aborted]).toEqual(['provider-timeout', true]);
    expect(types()).toEqual(['provider_timeout']);
    expect(await codeOf(tokenCache.acquire())).toBe('provider-backoff');
  });

  async function tooLate(): Promise<{
    page: ReturnType<typeof tokenPage>;
    answer(value: string): Promise<void>;
  }> {
    const page = tokenPage();
    const result = deferred<string>();
    page.provide(() => result.promise);
    const waiting = codeOf(page.tokenCache.acquire());
    await page.clock.advance(10 * SECOND);
    await waiting;
    return {
      page,
      async answer(value) {
        result.resolve(value);
        await settled();
      },
    };
  }

  test('and answers after all: that is used', async () => {
    const { page, answer } = await tooLate();
    await answer('opaque-late');
    expect((await page.tokenCache.acquire()).token).toBe('opaque-late');
    expect(page.asked).toHaveLength(1);
  });

  test('and answers when a newer token is there: that stays', async () => {
    const { page, answer } = await tooLate();
    await page.clock.advance(SECOND);
    page.provide(() => 'opaque-newer');
    await page.tokenCache.acquire();
    await answer('opaque-late');
    expect((await page.tokenCache.acquire()).token).toBe('opaque-newer');
  });

  test.each(['pushed', null])('and answers after %s was set: that stays', async (pushed) => {
    const { page, answer } = await tooLate();
    page.tokenCache.set(pushed);
    await answer('opaque-late');
    expect(page.tokenCache.status().state).toBe(pushed ? 'usable' : 'none');
  });

  test('and answers for somebody who is gone: that is nobody’s', async () => {
    const { page, answer } = await tooLate();
    page.tokenCache.identity(BOB);
    await answer('opaque-late');
    expect(page.tokenCache.status()).toEqual({ state: 'none', userId: 'bob' });
    expect(page.types()).toEqual(['provider_timeout']);
  });

  test('and answers with a token of somebody else: that is not used', async () => {
    const { page, answer } = await tooLate();
    await answer(hourJwt('bob', START_MS));
    expect(page.tokenCache.status().state).toBe('backoff');
  });
});

describe('whom a token names (R13)', () => {
  test('a token of somebody else is never used: asked once more, then left alone for 5 minutes', async () => {
    const { tokenCache, asked, clock, events } = tokenPage({ provider: () => hourJwt('bob') });
    expect(await codeOf(tokenCache.acquire())).toBe('subject-mismatch');
    expect(asked.map(({ forceRefresh, attempt }) => [forceRefresh, attempt])).toEqual([
      [false, 1],
      [true, 2],
    ]);
    expect(events).toEqual([{ type: 'subject_mismatch', userId: 'ann', retryAtMs: START_MS + 5 * MINUTE }]);
    await clock.advance(5 * MINUTE - 1);
    expect(await codeOf(tokenCache.acquire())).toBe('provider-backoff');
    expect(asked).toHaveLength(2);
  });

  test('the second one is used when it is right', async () => {
    const { tokenCache, asked } = tokenPage({
      provider: ({ forceRefresh }) => hourJwt(forceRefresh ? 'ann' : 'bob'),
    });
    expect((await tokenCache.acquire()).userId).toBe('ann');
    expect([asked.length, tokenCache.status().subject]).toEqual([2, 'ann']);
  });

  test('a token that is set for somebody else changes nothing', async () => {
    const { tokenCache, types, warnings } = tokenPage();
    const { token } = await tokenCache.acquire();
    tokenCache.set(hourJwt('bob'));
    expect((await tokenCache.acquire()).token).toBe(token);
    expect(types()).toEqual(['refreshed', 'subject_mismatch']);
    expect(warnings).toHaveLength(1);
  });

  test.each<[string, object, unknown]>([
    ['another claim', { subject: 'uid' }, 'usable'],
    ['a function', { subject: (claims: Record<string, unknown>) => claims['uid'] }, 'usable'],
    ['a function that finds nothing', { subject: () => undefined }, 'usable'],
    ['false', { subject: false }, 'usable'],
    ['the default', {}, 'backoff'],
    [
      'a function that throws',
      {
        subject: () => {
          throw new Error('no');
        },
      },
      'backoff',
    ],
  ])('is looked up by %s', async (_, options, state) => {
    const { tokenCache } = tokenPage({ options, provider: () => jwt({ sub: 'x', uid: 'ann' }) });
    await codeOf(tokenCache.acquire());
    expect(tokenCache.status().state).toBe(state);
  });
});

describe('no token (R18)', () => {
  test('leaves the provider alone for 30 s, sets no timer and is no failure', async () => {
    const { tokenCache, asked, clock, provide, events } = tokenPage({ provider: () => null });
    tokenCache.subscribe();
    expect(await codeOf(tokenCache.acquire())).toBe('token-unavailable');
    expect(events).toEqual([{ type: 'not_provided', userId: 'ann', retryAtMs: START_MS + 30_000 }]);
    expect(tokenCache.status()).toEqual({ state: 'none', userId: 'ann', retryAtMs: START_MS + 30_000 });
    expect(clock.timers()).toEqual([]);
    await clock.advance(30_000 - 1);
    expect(await codeOf(tokenCache.acquire())).toBe('token-unavailable');
    expect(asked).toHaveLength(1);
    await clock.advance(1);
    provide(() => 'opaque');
    expect((await tokenCache.acquire()).token).toBe('opaque');
  });

  test.each<[string, (page: ReturnType<typeof tokenPage>) => unknown]>([
    ['identify', ({ tokenCache }) => tokenCache.identity(BOB)],
    ['setCustomerToken', ({ tokenCache }) => tokenCache.set(null)],
    ['refreshCustomerToken', ({ tokenCache }) => tokenCache.refresh()],
  ])('is over with %s', async (_, act) => {
    const page = tokenPage({ provider: () => null });
    await codeOf(page.tokenCache.acquire());
    page.provide(() => 'opaque');
    await act(page);
    expect((await page.tokenCache.acquire()).token).toBe('opaque');
  });
});

describe('a failure (R19)', () => {
  test('leaves the provider alone, longer each time, and says until when', async () => {
    const { tokenCache, asked, clock, provide } = tokenPage({ random: () => 0.999_999 });
    provide(() => Promise.reject(new Error('no')));
    const waits: number[] = [];
    for (let i = 0; i < 11; i++) {
      expect(await codeOf(tokenCache.acquire())).toBe('provider-failed');
      const { state, retryAtMs = 0 } = tokenCache.status();
      expect(state).toBe('backoff');
      waits.push(retryAtMs - clock.now());
      await clock.advance(retryAtMs - clock.now() - 1);
      expect(await codeOf(tokenCache.acquire())).toBe('provider-backoff');
      await clock.advance(1);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((each) => each * SECOND));
    expect(asked.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  test('sets no timer of its own', async () => {
    const { tokenCache, clock } = tokenPage({ provider: () => Promise.reject(new Error('no')) });
    tokenCache.subscribe();
    await codeOf(tokenCache.acquire());
    expect(clock.timers()).toEqual([]);
  });

  test('leaves a token that can still be used', async () => {
    const { tokenCache, provide, types } = tokenPage();
    const { token } = await tokenCache.acquire();
    for (const provider of [() => Promise.reject(new Error('no')), () => 'a b', () => hourJwt('bob')]) {
      provide(provider);
      await tokenCache.refresh();
      expect((await tokenCache.acquire()).token).toBe(token);
    }
    expect(types()).toEqual(['refreshed', 'provider_error', 'invalid', 'subject_mismatch']);
  });

  test('keeps the cause, and tells nobody a token', async () => {
    const cause = new Error('no network');
    const page = tokenPage({ provider: () => Promise.reject(cause) });
    const failure: unknown = await page.tokenCache.acquire().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'provider-failed', cause });
    const again: unknown = await page.tokenCache.acquire().catch((error: unknown) => error);
    expect(again).toMatchObject({ code: 'provider-backoff', cause: failure });
  });

  test('of a person who asks again on purpose is tried at once', async () => {
    const { tokenCache, asked, provide } = tokenPage({ provider: () => Promise.reject(new Error('no')) });
    await codeOf(tokenCache.acquire());
    provide(() => 'opaque');
    expect((await tokenCache.refresh()).state).toBe('usable');
    expect(asked[1]).toMatchObject({ reason: 'manual', forceRefresh: true, attempt: 2 });
  });
});

describe('a token that is set (R24)', () => {
  test('goes before an answer that is awaited, also for those who wait', async () => {
    const { tokenCache, asked, provide } = tokenPage();
    const result = deferred<string>();
    provide(() => result.promise);
    const waiting = tokenCache.acquire();
    tokenCache.set('pushed');
    expect(asked[0]?.signal.aborted).toBe(true);
    expect((await waiting).token).toBe('pushed');
    result.resolve('opaque-late');
    await settled();
    expect((await tokenCache.acquire()).token).toBe('pushed');
  });

  test('to null is forgotten, and who waits has none', async () => {
    const { tokenCache, asked, provide, types } = tokenPage();
    provide(() => new Promise(() => {}));
    const waiting = codeOf(tokenCache.acquire());
    tokenCache.set(null);
    expect(await waiting).toBe('token-unavailable');
    provide(() => 'opaque');
    await tokenCache.acquire();
    tokenCache.set(null);
    expect(tokenCache.status().state).toBe('none');
    await tokenCache.acquire();
    expect(asked.map(({ reason }) => reason)).toEqual(['initial', 'manual', 'manual']);
    expect(types()).toEqual(['cleared', 'refreshed', 'cleared', 'refreshed']);
  });

  test.each<[string, TokenResult, string]>([
    ['malformed', 'a b', 'invalid'],
    ['of somebody else', hourJwt('bob'), 'subject_mismatch'],
    ['expired', { token: 'x', expiresIn: -1 }, 'expired'],
  ])('and %s changes nothing', async (_, token, type) => {
    const { tokenCache, provide, types, warnings } = tokenPage();
    const result = deferred<string>();
    provide(() => result.promise);
    const waiting = tokenCache.acquire();
    tokenCache.set(token);
    result.resolve('opaque');
    expect((await waiting).token).toBe('opaque');
    expect([types(), warnings.length]).toEqual([[type, 'refreshed'], 1]);
  });
});

describe('what is told', () => {
  test('holds no token', async () => {
    const token = hourJwt('ann');
    const page = tokenPage({ provider: () => `Bearer ${token}` });
    const grant = await page.tokenCache.acquire();
    const failures = [
      await page.tokenCache.rejected(grant).catch(String),
      await page.tokenCache.acquire().catch(String),
    ];
    page.tokenCache.set(token);
    const said = JSON.stringify([page.events, page.warnings, page.tokenCache.status(), failures]);
    expect(grant.token).toBe(token);
    expect(page.warnings.length).toBeGreaterThan(1);
    for (const part of token.split('.')) expect(said).not.toContain(part);
  });

  test('is the status of a token, never the token', async () => {
    const { tokenCache } = tokenPage({ provider: () => hourJwt('ann') });
    const first = tokenCache.acquire();
    expect(tokenCache.status()).toEqual({ state: 'refreshing', userId: 'ann' });
    await first;
    expect(tokenCache.status()).toEqual({
      state: 'usable',
      userId: 'ann',
      subject: 'ann',
      expiresAtMs: START_MS + HOUR,
    });
  });
});

test('a token cache that is closed stops everything', async () => {
  const { tokenCache, clock, asked, provide } = tokenPage();
  const grant = await tokenCache.acquire();
  tokenCache.subscribe();
  tokenCache.set(null);
  provide(() => new Promise(() => {}));
  const waiting = codeOf(tokenCache.acquire());
  tokenCache.close();
  tokenCache.close();
  expect(await waiting).toBe('auth-disabled');
  expect([asked.at(-1)?.signal.aborted, clock.timers()]).toEqual([true, []]);
  expect(await codeOf(tokenCache.acquire())).toBe('auth-disabled');
  expect(await codeOf(tokenCache.rejected(grant))).toBe('auth-disabled');
  tokenCache.set('pushed');
  tokenCache.wake();
  tokenCache.identity(BOB);
  tokenCache.subscribe();
  await tokenCache.refresh();
  await clock.advance(HOUR);
  expect([asked.length, clock.timers(), tokenCache.status().state]).toEqual([2, [], 'none']);
});
