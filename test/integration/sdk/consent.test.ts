import { describe, expect, test, vi } from 'vitest';
import { openSite } from '../../fakes/site.ts';
import { expectBalance, watchPage } from './setup.ts';

watchPage();

describe('before the visitor has decided', () => {
  test('nothing is stored and nothing is sent', async () => {
    const { open, server, databases, locks } = await openSite();
    const { analytics } = open({ consent: 'pending' });
    void analytics.identify('u1');
    const receipt = await analytics.track('E');
    await analytics.flush();
    expect(receipt.state).toBe('held');
    expect([document.cookie, localStorage.length, await databases(), locks.held(), server.received]).toEqual([
      '',
      0,
      [],
      [],
      [],
    ]);
    expect(analytics.user().id()).toBeNull();
    expect(analytics.stats()).toMatchObject({ tracked: 2, pending: 2 });
  });

  test('after a grant, calls are sent with their order, time, page and identity', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { open, server, visit } = await openSite();
    const { analytics, delivered, told } = open({ consent: 'pending' });
    vi.setSystemTime('2026-01-02T03:04:05.000Z');
    visit('/first');
    const { id } = await analytics.track('a');
    void analytics.identify('u1');
    vi.setSystemTime('2026-01-02T03:04:09.000Z');
    visit('/second');
    void analytics.track('b');
    analytics.anonymize();
    void analytics.track('c');
    visit('/third');
    vi.setSystemTime('2026-01-02T04:00:00.000Z');
    analytics.consent.grant(['analytics']);
    void analytics.track('d');
    await delivered(6);
    expect(server.taken).toMatchObject([
      {
        event: 'a',
        messageId: id,
        timestamp: '2026-01-02T03:04:05.000Z',
        context: { page: { path: '/first' } },
      },
      { type: 'identify', userId: 'u1' },
      {
        event: 'b',
        userId: 'u1',
        timestamp: '2026-01-02T03:04:09.000Z',
        context: { page: { path: '/second' } },
      },
      { event: 'c', timestamp: '2026-01-02T03:04:09.000Z' },
      { event: 'Consent Updated', timestamp: '2026-01-02T04:00:00.000Z' },
      { event: 'd', timestamp: '2026-01-02T04:00:00.000Z', context: { page: { path: '/third' } } },
    ]);
    expect(server.taken[3]).not.toHaveProperty('userId');
    expect(server.taken[3]?.anonymousId).not.toBe(server.taken[0]?.anonymousId);
    for (const { context } of server.taken)
      expect(context).toMatchObject({ consent: { categoryPreferences: { analytics: true } } });
    expect(told.consent).toEqual([{ state: 'granted', categories: { analytics: true } }]);
    expectBalance(analytics);
  });

  test('after a denial, waiting calls and all later ones are dropped', async () => {
    const { open, server, databases } = await openSite();
    const { analytics, told } = open({ consent: 'pending' });
    const { id } = await analytics.track('a');
    analytics.consent.deny();
    expect(told.dropped).toEqual([{ id, reason: 'consent' }]);
    expect(await analytics.track('b')).toMatchObject({ state: 'discarded', reason: 'consent' });
    expect(analytics.stats()).toMatchObject({ tracked: 2, pending: 0, dropped: { consent: 2 } });
    expect([document.cookie, localStorage.length, await databases(), server.received]).toEqual([
      '',
      0,
      [],
      [],
    ]);
  });

  test('no more calls are held than the outbox would hold', async () => {
    const { open } = await openSite();
    const { analytics, told } = open({ consent: 'pending', outbox: { maxEvents: 3 } });
    for (const name of ['a', 'b', 'c', 'd', 'e']) void analytics.track(name);
    expect(told.dropped.map(({ reason }) => reason)).toEqual(['outbox-full', 'outbox-full']);
    expect(analytics.stats()).toMatchObject({ tracked: 5, pending: 3, dropped: { 'outbox-full': 2 } });
  });
});
