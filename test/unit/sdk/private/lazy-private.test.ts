import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createLazyPrivate, type LazyPrivate } from '../../../../src/sdk/private/lazy-private.ts';
import { settled } from '../../../fakes/clock.ts';

type Needs = Parameters<typeof createLazyPrivate>[0];

interface DoorPage {
  readonly door: LazyPrivate;
  readonly bearers: (string | null)[];
  become(userId: string | null): void;
}

function doorPage(customerToken?: Needs['settings']['customerToken']): DoorPage {
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
  const door = createLazyPrivate({
    settings: {
      proxyUrl: 'https://events.example.com',
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
    // All that is used of the visitor.
    visitor: {
      user: { id: () => who.userId, anonymousId: () => who.anonymousId },
      reload: () => undefined,
    } as unknown as Needs['visitor'],
    emit: () => undefined,
    fail: () => undefined,
  });
  onTestFinished(() => {
    closing.abort();
    vi.unstubAllGlobals();
  });
  return {
    door,
    bearers,
    become(userId) {
      who = { userId, anonymousId: `a${++changes}` };
      door.identity(who);
    },
  };
}

describe('the door of private calls', () => {
  test('loads nothing before it is asked, where there is no provider', async () => {
    const { door } = doorPage();
    await settled(10);
    expect(door.status()).toBeUndefined();
    await door.ask('set', ['token']);
    expect(door.status()).toMatchObject({ state: 'usable', userId: 'ann' });
  });

  test('loads at once where there is a provider, and asks it for nothing yet', async () => {
    const provider = vi.fn(() => 'token');
    const { door } = doorPage(provider);
    await vi.waitFor(() => expect(door.status()).toMatchObject({ state: 'none', userId: 'ann' }));
    expect(provider).not.toHaveBeenCalled();
  });

  test('makes a call for the person of its moment, also where that was long before it was loaded', async () => {
    const { door, bearers, become } = doorPage(({ userId }) => `token-of-${userId}`);
    const early = door.ask('fetch', ['/v1/x']);
    become('bob');
    become('ann');
    const late = door.ask('fetch', ['/v1/x']);
    await expect(early).rejects.toMatchObject({ code: 'identity-changed' });
    expect(((await late) as Response).status).toBe(200);
    expect(bearers).toEqual(['Bearer token-of-ann']);
  });

  test('keeps the order of what it is asked', async () => {
    const { door, bearers } = doorPage();
    void door.ask('set', ['first']);
    const one = door.ask('fetch', ['/v1/x']);
    void door.ask('set', ['second']);
    const other = door.ask('fetch', ['/v1/x']);
    await Promise.all([one, other]);
    expect(bearers).toEqual(['Bearer first', 'Bearer second']);
  });
});
