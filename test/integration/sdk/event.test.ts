import { describe, expect, test, vi } from 'vitest';
import { events } from '../../fakes/events.ts';
import { openSite } from '../../fakes/site.ts';
import { expectBalance, watchPage } from './setup.ts';

watchPage();

describe('an event', () => {
  test('is stored when its promise says so, and arrives as it was at its call', async () => {
    const { open, server, visit } = await openSite();
    visit('/shoes?utm_source=news');
    const { analytics, delivered, told } = open();
    const properties = { total: 12.5 };
    const receipt = analytics.track('Order Placed', properties);
    properties.total = 99;
    visit('/elsewhere');
    const { id, state } = await receipt;
    expect(state).toBe('stored');
    await delivered(1);
    expect(server.taken).toMatchObject([
      {
        type: 'track',
        event: 'Order Placed',
        messageId: id,
        properties: { total: 12.5 },
        context: { page: { path: '/shoes' }, campaign: { source: 'news' } },
      },
    ]);
    expect(told.stored).toEqual([{ ids: [id] }]);
    expect(told.delivered).toEqual([{ ids: [id], attempts: 1 }]);
    expect(server.received.every(({ path }) => path === '/e/v1/batch')).toBe(true);
    expect(analytics.stats()).toMatchObject({ tracked: 1, delivered: 1, pending: 0 });
  });

  test('is sent together with others, in order', async () => {
    const { open, server } = await openSite();
    const { analytics, delivered } = open();
    const receipts = await Promise.all(Array.from({ length: 250 }, (_, i) => analytics.track(`e${i}`)));
    await delivered(250);
    expect(server.taken.map(({ event }) => event)).toEqual(Array.from({ length: 250 }, (_, i) => `e${i}`));
    expect(new Set(receipts.map(({ id }) => id)).size).toBe(250);
    expect(server.received.length).toBeLessThan(8);
  });

  test('that was stored and not sent is sent by the next page', async () => {
    const { open, server } = await openSite();
    server.respond({ status: 503 });
    const first = open();
    const { id } = await first.analytics.track('E');
    await vi.waitFor(() => expect(first.told.retrying).not.toEqual([]));
    first.analytics.close();
    server.respond({ status: 200 });
    const next = open();
    await vi.waitFor(() => expect(server.taken.map(({ messageId }) => messageId)).toEqual([id]));
    await next.analytics.flush();
    expect(next.analytics.stats()).toMatchObject({ tracked: 1, delivered: 1, pending: 0 });
  });

  test('that is too large is dropped at its call', async () => {
    const { open } = await openSite();
    const { analytics, told } = open();
    const receipt = await analytics.track('E', { text: 'x'.repeat(32_000) });
    expect(receipt).toMatchObject({ state: 'discarded', reason: 'too-large' });
    expect(told.dropped).toEqual([{ id: receipt.id, reason: 'too-large' }]);
    expect(analytics.stats()).toMatchObject({ tracked: 1, pending: 0, dropped: { 'too-large': 1 } });
  });

  test('that the proxy refuses is dropped and reported', async () => {
    const { open, server } = await openSite();
    const { analytics, told } = open();
    server.respond(({ batch }) => ({ status: batch.length ? 400 : 200 }));
    const { id } = await analytics.track('E');
    await vi.waitFor(() => expect(told.dropped).toEqual([{ id, reason: 'rejected', status: 400 }]));
    expectBalance(analytics);
  });

  test('that is invalid is dropped as invalid', async () => {
    const { open } = await openSite();
    const { analytics } = open();
    expect(await analytics.track('')).toMatchObject({ state: 'discarded', reason: 'invalid' });
    expectBalance(analytics);
  });

  test('waits in memory if the browser refuses a database, and arrives', async () => {
    const { open, server } = await openSite();
    Reflect.set(globalThis, 'indexedDB', undefined);
    const { analytics, delivered, told } = open();
    expect((await analytics.track('E')).state).toBe('memory');
    await delivered(1);
    expect(server.taken).toHaveLength(1);
    expect(told.error.map(({ code }) => code)).toEqual(['storage-unavailable']);
    expect(analytics.stats()).toMatchObject({ tracked: 1, delivered: 1, pending: 0 });
  });

  test('that an earlier page saved while leaving arrives through a page without a database', async () => {
    const { open, server, clientKey } = await openSite();
    const [event] = events('saved', 1);
    localStorage.setItem(`cio-first-party:${clientKey}:lifeboat:earlier`, JSON.stringify([event]));
    const works = indexedDB;
    Reflect.set(globalThis, 'indexedDB', undefined);
    server.respond({ status: 503 });
    const broken = open();
    await vi.waitFor(() => expect(broken.told.retrying).not.toEqual([]));
    broken.analytics.close();
    Reflect.set(globalThis, 'indexedDB', works);
    server.respond({ status: 200 });
    await open().delivered(1);
    expect(server.taken.map(({ messageId }) => messageId)).toEqual(['saved1']);
  });

  test('arrives also if the browser has no Web Locks', async () => {
    const { open, server } = await openSite();
    Object.defineProperty(navigator, 'locks', { value: undefined, configurable: true });
    const { analytics, delivered } = open();
    await analytics.track('E');
    await delivered(1);
    expect(server.taken).toHaveLength(1);
  });
});
