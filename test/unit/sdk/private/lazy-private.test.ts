import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createLazyPrivate, type LazyPrivate } from '../../../../src/sdk/private/lazy-private.ts';
import { settled } from '../../../fakes/clock.ts';

type Needs = Parameters<typeof createLazyPrivate>[0];

interface LazyPage {
  readonly lazy: LazyPrivate;
  readonly bearers: (string | null)[];
  become(userId: string | null): void;
}

function lazyPage(customerToken?: Needs['settings']['customerToken']): LazyPage {
  const bearers: (string | null)[] = [];
  vi.stubGlobal('fetch', async (_: string, init: RequestInit) => {
    bearers.push(new Headers(init.headers).get('Authorization'));
    return new Response('{}');
  });
  let who: { readonly userId: string | null; readonly anonymousId: string } = {
    userId: 'ann',
    anonymousId: 'a0',
  };
  let changes = 0;
  const closing = new AbortController();
  const lazy = createLazyPrivate({
    settings: {
      proxyUrl: 'https://events.example.com',
      inApp: undefined,
      clientKey: 'web',
      customerToken,
      delivery: {
        maxBatchEvents: 1,
        maxBatchBytes: 1,
        flushIntervalMs: 1,
        requestTimeoutMs: 15_000,
        compression: 'off',
        authorization: 'client-key',
        clientKeyHeader: 'Authorization',
        credentials: 'omit',
      },
    },
    ending: closing.signal,
    categories: () => ({}),
    // The members of the visitor that the private client uses.
    visitor: {
      user: { id: () => who.userId, anonymousId: () => who.anonymousId },
      reload: () => undefined,
    },
    scope: 'cio-first-party:web',
    newCall: () => ({ id: 'e1', snapshot: { at: 0 } as never }),
    keep: () => undefined,
    wrapped: { pluginInstance: { track: () => Promise.reject(new Error('no call')) } },
    emit: () => undefined,
    fail: () => undefined,
  });
  onTestFinished(() => {
    closing.abort();
    vi.unstubAllGlobals();
  });
  return {
    lazy,
    bearers,
    become(userId) {
      who = { userId, anonymousId: `a${++changes}` };
      lazy.identity(who);
    },
  };
}

describe('the lazy private client', () => {
  test('loads nothing before it is asked, where there is no provider', async () => {
    const { lazy } = lazyPage();
    await settled(10);
    expect(lazy.status()).toBeUndefined();
    await lazy.ask('set', ['token']);
    expect(lazy.status()).toMatchObject({ state: 'usable', userId: 'ann' });
  });

  test('loads at once where there is a provider, and asks it for nothing yet', async () => {
    const provider = vi.fn(() => 'token');
    const { lazy } = lazyPage(provider);
    await vi.waitFor(() => expect(lazy.status()).toMatchObject({ state: 'none', userId: 'ann' }));
    expect(provider).not.toHaveBeenCalled();
  });

  test('makes a call for the person of its moment, also where that was long before it was loaded', async () => {
    const { lazy, bearers, become } = lazyPage(({ userId }) => `token-of-${userId}`);
    const early = lazy.ask('fetch', ['/v1/x']);
    become('bob');
    become('ann');
    const late = lazy.ask('fetch', ['/v1/x']);
    await expect(early).rejects.toMatchObject({ code: 'identity-changed' });
    expect(((await late) as Response).status).toBe(200);
    expect(bearers).toEqual(['Bearer token-of-ann']);
  });

  test('keeps the order of what it is asked', async () => {
    const { lazy, bearers } = lazyPage();
    void lazy.ask('set', ['first']);
    const one = lazy.ask('fetch', ['/v1/x']);
    void lazy.ask('set', ['second']);
    const other = lazy.ask('fetch', ['/v1/x']);
    await Promise.all([one, other]);
    expect(bearers).toEqual(['Bearer first', 'Bearer second']);
  });
});
