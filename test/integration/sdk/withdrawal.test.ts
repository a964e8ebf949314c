import { describe, expect, test, vi } from 'vitest';
import { settled } from '../../fakes/clock.ts';
import { openSite } from '../../fakes/site.ts';
import { expectBalance, marking, slowPlugin, watchPage } from './setup.ts';

watchPage();

describe('when the visitor withdraws', () => {
  test('all stored data is deleted, and nothing is sent any more', async () => {
    const { open, server, databases, locks } = await openSite();
    server.respond({ status: 503 });
    const { analytics, told } = open();
    void analytics.identify('u1', { plan: 'pro' });
    const { id } = await analytics.track('E');
    await vi.waitFor(() => expect(told.retrying.length).toBeGreaterThan(0));
    analytics.consent.deny();
    await vi.waitFor(async () => expect(await databases()).toEqual([]));
    const before = server.received.length;
    expect([document.cookie, localStorage.length, locks.held()]).toEqual(['', 0, []]);
    await vi.waitFor(() => expect(told.dropped).toContainEqual({ id, reason: 'consent' }));
    expect(analytics.stats()).toMatchObject({ tracked: 2, pending: 0, dropped: { consent: 2 } });
    await analytics.flush();
    expect(server.received).toHaveLength(before);
  });

  test('an event of the same task is discarded, and its receipt says so', async () => {
    const { open, server } = await openSite();
    const { analytics } = open();
    await analytics.flush();
    const receipt = analytics.track('E');
    analytics.consent.deny();
    expect(await receipt).toMatchObject({ state: 'discarded', reason: 'consent' });
    expectBalance(analytics);
    expect(server.taken).toEqual([]);
  });

  test('an event that a plugin holds is discarded afterwards', async () => {
    const { open, server, databases } = await openSite();
    const { plugin, letGo } = slowPlugin();
    const { analytics, told } = open();
    await analytics.page();
    await analytics.flush();
    await analytics.register(plugin);
    const receipt = analytics.track('E');
    await settled();
    analytics.consent.deny();
    await vi.waitFor(async () => expect(await databases()).toEqual([]));
    letGo();
    expect(await receipt).toMatchObject({ state: 'discarded', reason: 'consent' });
    for (let i = 0; i < 20; i++) {
      await settled();
      expect(await databases()).toEqual([]);
    }
    expect([document.cookie, localStorage.length, server.taken.length]).toEqual(['', 0, 1]);
    expect(told.dropped).toHaveLength(1);
    expect(analytics.stats()).toMatchObject({ tracked: 2, pending: 0, dropped: { consent: 1 } });
  });

  test('and agrees again in the same task, no later event is lost', async () => {
    const { open, server, databases } = await openSite();
    const { analytics, told } = open();
    void analytics.track('before');
    await analytics.flush();
    analytics.consent.deny();
    analytics.consent.grant();
    expect((await analytics.track('after')).state).toBe('stored');
    expectBalance(analytics);
    await vi.waitFor(() => expect(server.taken.map(({ event }) => event)).toEqual(['before', 'after']));
    await vi.waitFor(() => expect(analytics.stats().pending).toBe(0));
    expectBalance(analytics);
    expect(analytics.stats()).toMatchObject({ tracked: 2, delivered: 2 });
    expect(analytics.consent.state).toBe('granted');
    expect(told.dropped).toEqual([]);
    expect(await databases()).not.toEqual([]);
  });

  test('at once on a page that has loaded after others, the counts are right', async () => {
    const { open, server } = await openSite();
    const first = open();
    for (let i = 0; i < 3; i++) void first.analytics.track('E');
    await first.delivered(3);
    first.analytics.close();
    server.respond({ status: 503 });
    const { analytics } = open();
    analytics.consent.deny();
    expectBalance(analytics);
    await vi.waitFor(() => expectBalance(analytics));
    await settled();
    await settled();
    expectBalance(analytics);
    expect(analytics.stats().tracked).toBe(0);
  });

  test('plugins, middleware and listeners work again after a new grant', async () => {
    const { open, server } = await openSite();
    const { analytics, delivered } = open();
    const heard: unknown[] = [];
    await analytics.register(marking('mine'));
    analytics.on('track', (name) => void heard.push(name));
    await analytics.track('a');
    await delivered(1);
    analytics.consent.deny();
    await analytics.register(marking('late'));
    analytics.consent.grant();
    await analytics.track('b');
    await delivered(2);
    expect(server.taken.map(({ event, properties }) => [event, properties])).toEqual([
      ['a', { mine: true }],
      ['b', { mine: true, late: true }],
    ]);
    expect(heard).toEqual(['a', 'b']);
  });

  test('plugins that were added before the decision work again, too', async () => {
    const { open, server } = await openSite();
    const { analytics, delivered } = open({ consent: 'pending', plugins: [marking('option')] });
    void analytics.register(marking('mine'));
    void analytics.addSourceMiddleware(({ payload, next }) => {
      payload.obj.properties = { ...payload.obj.properties, middleware: true };
      next(payload);
    });
    analytics.consent.deny();
    analytics.consent.grant();
    await analytics.track('a');
    await delivered(1);
    expect(server.taken.map(({ properties }) => properties)).toEqual([
      { option: true, mine: true, middleware: true },
    ]);
  });

  test('in one tab, the withdrawal applies to the others', async () => {
    const { open, databases } = await openSite();
    const [one, other] = [open(), open()];
    await one.analytics.track('E');
    one.analytics.consent.deny();
    await vi.waitFor(() => expect(other.analytics.consent.state).toBe('denied'));
    await vi.waitFor(async () => expect(await databases()).toEqual([]));
    expect([document.cookie, localStorage.length]).toEqual(['', 0]);
    expectBalance(other.analytics);
  });
});
