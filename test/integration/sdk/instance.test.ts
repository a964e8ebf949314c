import { describe, expect, test, vi } from 'vitest';
import { createAnalytics } from '../../../src/sdk/create-analytics.ts';
import type { SdkError } from '../../../src/protocol/errors.ts';
import type { ConsentDecision, ConsentSource } from '../../../src/sdk/consent/source.ts';
import { settled } from '../../fakes/clock.ts';
import { openSite } from '../../fakes/site.ts';
import { expectBalance, watchPage } from './setup.ts';

watchPage();

describe('the instance', () => {
  test('is the same for the same proxy and key, with a warning if the options differ', async () => {
    const { open, clientKey } = await openSite();
    const { analytics } = open();
    const again = createAnalytics({ proxyUrl: '/e/', clientKey, delivery: { flushIntervalMs: 1 } });
    expect(again).toBe(analytics);
    vi.mocked(console.warn).mockClear();
    expect(createAnalytics({ proxyUrl: '/e', clientKey, debug: true })).toBe(analytics);
    expect(vi.mocked(console.warn).mock.calls).toEqual([[expect.stringMatching(/\bdebug\b/)]]);
    const other = createAnalytics({ proxyUrl: '/e', clientKey: 'other', consent: 'denied' });
    expect(other).not.toBe(analytics);
    other.close();
  });

  test.each([
    ['granted', 'pending', 'pending'],
    ['granted', 'denied', 'denied'],
    ['pending', 'denied', 'denied'],
    ['pending', 'granted', 'pending'],
    ['denied', 'granted', 'denied'],
    ['denied', 'pending', 'denied'],
  ] as const)(
    'of two creators has the stricter consent: %s, then %s, is %s',
    async (first, second, state) => {
      const { open, clientKey } = await openSite();
      const { analytics } = open({ consent: first });
      vi.mocked(console.warn).mockClear();
      expect(createAnalytics({ proxyUrl: '/e', clientKey, consent: second })).toBe(analytics);
      expect(analytics.consent.state).toBe(state);
      expect(vi.mocked(console.warn).mock.calls).toEqual([[expect.stringMatching(/\bconsent\b/)]]);
    },
  );

  test('that a second creator has paused stores nothing until the visitor agrees, and loses nothing', async () => {
    const { open, clientKey, server } = await openSite();
    const { analytics } = open();
    expect(await analytics.track('Before')).toMatchObject({ state: 'stored' });
    createAnalytics({ proxyUrl: '/e', clientKey, consent: 'pending' });
    expect(await analytics.track('Meanwhile')).toMatchObject({ state: 'held' });
    expectBalance(analytics);
    analytics.consent.grant();
    await analytics.flush();
    await vi.waitFor(() => expect(analytics.stats().pending).toBe(0));
    expectBalance(analytics);
    expect(server.taken.map(({ event }) => event)).toEqual(['Before', 'Meanwhile']);
  });

  test('of two creators follows the sources of both', async () => {
    const { open, clientKey } = await openSite();
    const { analytics } = open();
    const listeners = new Set<(decision: ConsentDecision) => void>();
    let decision: ConsentDecision | undefined;
    const banner: ConsentSource = {
      name: 'banner',
      get: () => decision,
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    createAnalytics({ proxyUrl: '/e', clientKey, consent: banner });
    expect(analytics.consent.state).toBe('pending');
    for (const state of ['granted', 'denied'] as const) {
      decision = { state };
      for (const listener of listeners) listener(decision);
      expect(analytics.consent.state).toBe(state);
    }
    analytics.close();
    expect(listeners.size).toBe(0);
  });

  test.each(['pending', 'denied'] as const)(
    'whose first creator has said %s is not opened by a source of the second, which may deny',
    async (first) => {
      const { open, clientKey } = await openSite();
      const { analytics } = open({ consent: first });
      let tell: (decision: ConsentDecision) => void = () => undefined;
      const banner: ConsentSource = {
        name: 'banner',
        get: () => ({ state: 'granted' }),
        subscribe(listener) {
          tell = listener;
          return () => undefined;
        },
      };
      createAnalytics({ proxyUrl: '/e', clientKey, consent: banner });
      expect(analytics.consent.state).toBe(first);
      tell({ state: 'granted' });
      expect(analytics.consent.state).toBe(first);
      analytics.consent.grant();
      expect(analytics.consent.state).toBe('granted');
      tell({ state: 'denied' });
      expect(analytics.consent.state).toBe('denied');
    },
  );

  test('is in the list that people use in the console, until it is closed', async () => {
    const { open } = await openSite();
    const { analytics } = open();
    const page = globalThis as { __cioFirstParty?: unknown[] };
    const other = createAnalytics({ proxyUrl: '/e', clientKey: 'other', consent: 'pending' });
    expect([...(page.__cioFirstParty ?? [])]).toEqual([analytics, other]);
    analytics.close();
    analytics.close();
    expect(page.__cioFirstParty).toEqual([other]);
    other.close();
    expect(page.__cioFirstParty).toEqual([]);
  });

  test('is a new one after it was closed', async () => {
    const { open, locks } = await openSite();
    const { analytics } = open();
    void analytics.track('E');
    await analytics.flush();
    analytics.close();
    await settled();
    expect(locks.held()).toEqual([]);
    expect(open().analytics).not.toBe(analytics);
  });

  test('never throws: with wrong options each call is discarded, with one warning', async () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'a:b' });
    const errors: SdkError[] = [];
    const dropped: unknown[] = [];
    analytics.on('error', (error) => errors.push(error));
    analytics.on('dropped', ({ reason }) => dropped.push(reason));
    analytics.consent.grant();
    for (const name of ['A', 'B'])
      expect(await analytics.track(name)).toMatchObject({ state: 'discarded', reason: 'invalid-options' });
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    expect(errors[0]).toMatchObject({ code: 'invalid-options' });
    expect(errors[0]?.message).toContain('clientKey');
    expect(print).toHaveBeenCalledTimes(1);
    expect(dropped).toEqual(['invalid-options', 'invalid-options']);
    expect(analytics.stats()).toMatchObject({ tracked: 2, pending: 0, dropped: { 'invalid-options': 2 } });
    print.mockRestore();
  });

  test('never rejects with wrong options: private calls have empty results', async () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { inbox, customer, fetch, refreshCustomerToken, ...analytics } = createAnalytics({
      proxyUrl: '/e',
      clientKey: '',
    });
    expect(await inbox.messages()).toEqual([]);
    expect(await inbox.markAsRead('m1')).toBeUndefined();
    expect(await inbox.delete('m1')).toBeUndefined();
    expect(await customer.attributes()).toEqual({});
    expect(await customer.subscriptions()).toEqual([]);
    expect(await refreshCustomerToken()).toEqual({ state: 'none', userId: null });
    const answer = await fetch('/v1/orders');
    expect([answer.ok, answer.status, await answer.json()]).toEqual([
      false,
      503,
      { error: 'invalid-options' },
    ]);
    expect(await analytics.flush()).toEqual({ delivered: 0, pending: 0, dropped: 0 });
    await analytics.ready();
    analytics.setCustomerToken('no.to.ken');
    analytics.close();
    expect(print).toHaveBeenCalledOnce();
    expect(print.mock.calls[0]?.[0]).toContain('errors/invalid-options');
    print.mockRestore();
  });

  test('has methods that can be called without the object', async () => {
    const { open } = await openSite();
    const { track, identify, page, stats } = open().analytics;
    expect((await track('E')).state).toBe('stored');
    expect((await identify('u1')).state).toBe('stored');
    expect((await page()).state).toBe('stored');
    expect(stats().tracked).toBe(3);
  });
});
