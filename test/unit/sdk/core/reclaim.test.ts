// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { createEventCounter, type Stats } from '../../../../src/sdk/outbox/stats.ts';
import type { DropReason } from '../../../../src/sdk/events.ts';
import type { OutboxEvent } from '../../../../src/sdk/outbox/contract.ts';
import { createLifeboat } from '../../../../src/sdk/outbox/lifeboat.ts';
import { type ReclaimNeeds, reclaim } from '../../../../src/sdk/core/reclaim.ts';
import type { WireEvent } from '../../../../src/protocol/wire.ts';
import { settled, START_MS } from '../../../fakes/clock.ts';
import { events, outboxEvent } from '../../../fakes/events.ts';
import { type FakeLifecycle, fakeLifecycle } from '../../../fakes/lifecycle.ts';
import { type FakeTextStore, fakeTextStore } from '../../../fakes/text-store.ts';
import { expectBalance, idsOf, openPage, type Page } from '../outbox/setup.ts';

const SCOPE = 'cio-first-party:web';
const EVENT_QUEUE = 'persisted-queue:v1:event-queue';
const DESTINATION = 'persisted-queue:v1:dest-Customer.io-Data-Pipelines';

interface Bench {
  readonly local: FakeTextStore;
  readonly lifecycle: FakeLifecycle;
  readonly page: Page;
  /** The events that have arrived at the proxy, in order. */
  readonly arrived: readonly string[];
  readonly dropped: readonly (readonly [id: string, reason: DropReason])[];
  takeOver(): Promise<void>;
  /** Makes the proxy fail, or work again. */
  setDown(down: boolean): void;
  flush(): Promise<void>;
  stats(): Stats;
  /** Closes this instance. */
  stop(): void;
  /** Saves the events of this page as it leaves. */
  leave(): void;
}

interface BenchOptions {
  readonly local?: FakeTextStore;
  readonly page?: Page;
  readonly storage?: 'indexeddb' | 'memory';
  readonly name?: string;
  readonly beforeSend?: (event: WireEvent) => WireEvent | null;
}

function bench({
  local = fakeTextStore(),
  storage = 'indexeddb',
  name = 'this',
  ...more
}: BenchOptions = {}): Bench {
  const page = more.page ?? openPage({ storage });
  const lifecycle = fakeLifecycle();
  const eventCounter = createEventCounter();
  const arrived: string[] = [];
  const dropped: (readonly [string, DropReason])[] = [];
  const closing = new AbortController();
  let down = false;
  const flush = async (): Promise<void> => {
    if (!down) arrived.push(...(await page.deliver()));
  };
  const needs: ReclaimNeeds = {
    local,
    lifecycle,
    ending: closing.signal,
    scope: SCOPE,
    page: name,
    clock: page.clock,
    outbox: page.outbox,
    sender: {
      hasSettled: (id) => arrived.includes(id),
      hold: () => () => undefined,
      acknowledge: async () => undefined,
    },
    jar: { read: () => '', write: () => undefined },
    settings: {
      beforeSend: more.beforeSend,
      outbox: { storage, maxEvents: 10_000, maxBytes: 10_000_000, maxAgeMs: 86_400_000 },
    },
    eventCounter,
    drop(id, reason) {
      if (eventCounter.drop(id, reason)) dropped.push([id, reason]);
    },
  };
  return {
    local,
    lifecycle,
    page,
    arrived,
    dropped,
    async takeOver() {
      const sent = await reclaim(needs);
      await flush();
      sent?.();
    },
    setDown: (now) => void (down = now),
    flush,
    stats: () => eventCounter.stats(page.outbox.ledger()),
    stop: () => closing.abort(),
    leave() {
      createLifeboat(local, SCOPE, name).save(page.outbox.unsaved());
      lifecycle.happen('leave');
    },
  };
}

function boat(local: FakeTextStore, name: string, list: readonly OutboxEvent[], scope = SCOPE): void {
  createLifeboat(local, scope, name).save(list);
}

/** Stores a queue as the wrapped SDK does. */
function queue(local: FakeTextStore, key: string, list: readonly object[]): void {
  local.set(`${key}:items`, JSON.stringify(list.map((event, i) => ({ id: String(i), event }))));
  local.set(`${key}:seen`, JSON.stringify({ 0: 1 }));
}

const call = (id: string, more: object = {}): object => ({
  type: 'track',
  event: id,
  messageId: id,
  timestamp: new Date(START_MS - 60_000).toISOString(),
  anonymousId: 'a1',
  properties: { n: 1 },
  context: { page: { path: '/old' } },
  ...more,
});

describe('the lifeboats of other pages', () => {
  test('that save what was written after all, and has been sent by this page, bring none of it in again', async () => {
    const { local, takeOver, arrived, page, flush } = bench();
    await page.add([outboxEvent('written')]);
    await flush();
    boat(local, 'other', [outboxEvent('written'), outboxEvent('unwritten')]);
    await takeOver();
    expect(arrived).toEqual(['written', 'unwritten']);
    expect(local.keys()).toEqual([]);
  });

  test('are brought in, oldest first, and cleared away', async () => {
    const { local, takeOver, arrived } = bench();
    boat(local, 'late', [outboxEvent('late', { at: START_MS + 9 })]);
    boat(local, 'early', [
      outboxEvent('early', { at: START_MS }),
      outboxEvent('last', { at: START_MS + 20 }),
    ]);
    await takeOver();
    expect(arrived).toEqual(['early', 'last', 'late']);
    expect(local.keys()).toEqual([]);
  });

  test('are brought in once, however many pages have the same events', async () => {
    const { local, takeOver, arrived, stats } = bench();
    boat(local, 'first', events('e', 3));
    boat(local, 'second', events('e', 4));
    await takeOver();
    await takeOver();
    expect(arrived).toEqual(['e1', 'e2', 'e3', 'e4']);
    expect(stats()).toMatchObject({ tracked: 4, delivered: 4 });
  });

  test('are not brought in where the outbox has their events', async () => {
    const { local, takeOver, page, stats } = bench();
    await page.add(events('e', 2));
    boat(local, 'first', events('e', 3));
    await takeOver();
    expect(stats()).toMatchObject({ tracked: 3, delivered: 3 });
  });

  test('that had no room for all count what IndexedDB does not have either, once', async () => {
    const { local, takeOver, arrived, page, stats, dropped } = bench();
    const id = (n: number): string => `01KDYAK348MDXGW2SE3Q00000${n}`;
    const [written, saved, lost, missing] = [id(1), id(2), id(3), id(4)];
    await page.add([outboxEvent(written)]);
    local.set(`${SCOPE}:lifeboat:first`, JSON.stringify([outboxEvent(saved), written, lost, missing]));
    local.set(`${SCOPE}:lifeboat:again`, JSON.stringify([missing, saved]));
    await takeOver();
    expect(arrived).toEqual([written, saved]);
    expect(dropped).toEqual([
      [lost, 'storage'],
      [missing, 'storage'],
    ]);
    expect(stats()).toMatchObject({ tracked: 4, delivered: 2, dropped: { storage: 2 } });
    expect(local.keys()).toEqual([]);
  });

  test('of this page are left alone, which writes its events itself', async () => {
    const { local, takeOver, arrived } = bench({ name: 'this' });
    boat(local, 'this', events('e', 1));
    await takeOver();
    expect([arrived, local.keys()]).toEqual([[], [`${SCOPE}:lifeboat:this`]]);
  });

  test('of another client key are another one’s', async () => {
    const { local, takeOver, arrived } = bench();
    boat(local, 'first', events('e', 1), 'cio-first-party:web2');
    local.set('cio-first-party:web:gzip', 'yes');
    local.set('ajs_user_id', '"u1"');
    await takeOver();
    expect([arrived, local.keys().length]).toEqual([[], 3]);
  });

  test.each([
    ['nothing', ''],
    ['no JSON', '[{"id":'],
    ['no events', '[null,1,"x",{}]'],
  ])('with %s in them are cleared away', async (_, text) => {
    const { local, takeOver, arrived, stats } = bench({
      local: fakeTextStore({ [`${SCOPE}:lifeboat:x`]: text }),
    });
    await takeOver();
    expect([arrived, local.keys(), stats().tracked]).toEqual([[], [], 0]);
  });

  test('stay until their events are stored', async () => {
    const { local, takeOver, page } = bench();
    boat(local, 'first', events('e', 2));
    const letGo = page.disk.hold('append');
    const done = takeOver();
    await settled(100);
    expect(local.keys()).toHaveLength(1);
    letGo();
    await done;
    expect(local.keys()).toEqual([]);
  });

  test('are stored and cleared away also while the proxy is down', async () => {
    const { local, takeOver, setDown, arrived, page } = bench();
    boat(local, 'first', events('e', 2));
    setDown(true);
    await takeOver();
    expect([arrived, local.keys()]).toEqual([[], []]);
    expect(page.outbox.ledger()).toMatchObject({ tracked: 2, pending: 2 });
  });
});

describe('the queue of the wrapped SDK, which the site used before', () => {
  test('is taken over, with ids, times and pages as they were, and cleared away', async () => {
    const { local, takeOver, setDown, page } = bench();
    queue(local, EVENT_QUEUE, [call('one')]);
    queue(local, DESTINATION, [call('two'), call('three', { userId: 'u1' })]);
    local.set(`${DESTINATION}:lock`, '5');
    setDown(true);
    await takeOver();
    expect(local.keys()).toEqual([]);
    const waiting = await page.outbox.oldest({ maxEvents: 10, maxBytes: 100_000 });
    expect(idsOf(waiting)).toEqual(['one', 'two', 'three']);
    expect(waiting.map(({ json }) => JSON.parse(json) as WireEvent)).toMatchObject([
      {
        type: 'track',
        event: 'one',
        messageId: 'one',
        timestamp: '2026-01-02T03:03:05.000Z',
        anonymousId: 'a1',
        context: { page: { path: '/old' } },
      },
      { messageId: 'two' },
      { messageId: 'three', userId: 'u1' },
    ]);
    expect(waiting.map(({ at }) => at)).toEqual([START_MS - 60_000, START_MS - 60_000, START_MS - 60_000]);
  });

  test('is there twice where it was on its way from one to the other, and sent once', async () => {
    const { local, takeOver, arrived } = bench();
    queue(local, EVENT_QUEUE, [call('one')]);
    queue(local, DESTINATION, [call('one'), call('two')]);
    await takeOver();
    expect(arrived).toEqual(['one', 'two']);
  });

  test('is older than what our pages have left', async () => {
    const { local, takeOver, arrived } = bench();
    boat(local, 'first', events('e', 1));
    queue(local, DESTINATION, [call('old')]);
    await takeOver();
    expect(arrived).toEqual(['old', 'e1']);
  });

  test('passes what the application lets pass, as any other event', async () => {
    const { local, takeOver, arrived, dropped, stats } = bench({
      beforeSend: (event) => (event.event === 'secret' ? null : event),
    });
    queue(local, DESTINATION, [
      call('one'),
      call('secret'),
      call('large', { properties: { text: 'x'.repeat(40_000) } }),
    ]);
    await takeOver();
    expect(arrived).toEqual(['one']);
    expect(dropped).toEqual([
      ['secret', 'before-send'],
      ['large', 'too-large'],
    ]);
    expect(local.keys()).toEqual([]);
    expect(stats()).toMatchObject({
      tracked: 3,
      delivered: 1,
      dropped: { 'before-send': 1, 'too-large': 1 },
    });
    expectBalance(stats());
  });

  test('and that of Segment’s SDK under the same name is left to Segment', async () => {
    const { local, takeOver, arrived } = bench();
    queue(local, EVENT_QUEUE, [call('whose?')]);
    queue(local, 'persisted-queue:v1:dest-Segment.io', [call('theirs')]);
    queue(local, DESTINATION, [call('ours')]);
    await takeOver();
    expect(arrived).toEqual(['ours']);
    expect([...local.keys()].sort()).toEqual([
      'persisted-queue:v1:dest-Segment.io:items',
      'persisted-queue:v1:dest-Segment.io:seen',
      `${EVENT_QUEUE}:items`,
      `${EVENT_QUEUE}:seen`,
    ]);
  });

  test('of another destination is left alone', async () => {
    const { local, takeOver, arrived } = bench();
    queue(local, 'persisted-queue:v1:dest-Google Tag Manager', [call('theirs')]);
    await takeOver();
    expect([arrived, local.keys().length]).toEqual([[], 2]);
  });

  test('that cannot be read is cleared away', async () => {
    const { local, takeOver, arrived } = bench({
      local: fakeTextStore({ [`${EVENT_QUEUE}:items`]: '[{"id"', [`${DESTINATION}:items`]: 'null' }),
    });
    await takeOver();
    expect([arrived, local.keys()]).toEqual([[], []]);
  });
});

describe('where IndexedDB is refused', () => {
  async function refused(local: FakeTextStore, name = 'this'): Promise<Bench> {
    const page = openPage();
    page.disk.fail('throws');
    await page.outbox.refresh();
    expect(page.outbox.storage()).toBe('memory');
    return bench({ local, page, name });
  }

  test('they are cleared away at once if the proxy has them', async () => {
    const local = fakeTextStore();
    boat(local, 'first', events('e', 2));
    const { takeOver, arrived } = await refused(local);
    await takeOver();
    expect([arrived, local.keys()]).toEqual([['e1', 'e2'], []]);
  });

  test('they stay while the proxy is down, until the page leaves and has saved them anew', async () => {
    const local = fakeTextStore();
    boat(local, 'first', events('e', 2));
    queue(local, DESTINATION, [call('old')]);
    const { takeOver, setDown, leave } = await refused(local);
    setDown(true);
    await takeOver();
    expect(local.keys()).toHaveLength(3);
    leave();
    expect(local.keys()).toEqual([`${SCOPE}:lifeboat:this`]);
  });

  test('they stay where the page that leaves cannot save them', async () => {
    const local = fakeTextStore();
    boat(local, 'first', events('e', 2));
    const { takeOver, setDown, leave } = await refused(local);
    setDown(true);
    await takeOver();
    local.refuse('full');
    leave();
    local.refuse('nothing');
    expect(local.keys()).toEqual([`${SCOPE}:lifeboat:first`]);
  });

  test('they are gone when they were delivered in the meantime', async () => {
    const local = fakeTextStore();
    boat(local, 'first', events('e', 2));
    const { takeOver, setDown, flush, leave } = await refused(local);
    setDown(true);
    await takeOver();
    setDown(false);
    await flush();
    leave();
    expect(local.keys()).toEqual([]);
  });

  test('they come to one event each, from page to page, until the proxy is up', async () => {
    const local = fakeTextStore();
    boat(local, 'first', events('e', 3));
    for (let i = 0; i < 4; i++) {
      const { takeOver, setDown, leave, stats } = await refused(local, `page${i}`);
      setDown(true);
      await takeOver();
      expect(stats()).toMatchObject({ tracked: 3, pending: 3 });
      leave();
    }
    const { takeOver, arrived, leave } = await refused(local, 'last');
    await takeOver();
    leave();
    expect([arrived, local.keys()]).toEqual([['e1', 'e2', 'e3'], []]);
  });

  test('what was delivered is not brought in again, when another page leaves a boat meanwhile', async () => {
    const local = fakeTextStore();
    boat(local, 'first', events('e', 4));
    const { takeOver, setDown, page, arrived, stats } = await refused(local);
    setDown(true);
    await takeOver();
    const sent = await page.deliver(2);
    boat(local, 'second', events('f', 1));
    await takeOver();
    setDown(false);
    await takeOver();
    expect([...sent, ...arrived]).toEqual(['e1', 'e2', 'e3', 'e4', 'f1']);
    expect(stats()).toMatchObject({ tracked: 5, delivered: 5 });
  });

  test('an event that the application does not let pass is dropped once, however often it is found', async () => {
    const local = fakeTextStore();
    const page = openPage();
    page.disk.fail('throws');
    await page.outbox.refresh();
    const { takeOver, setDown, dropped, stats } = bench({
      local,
      page,
      beforeSend: (event) => (event.event === 'secret' ? null : event),
    });
    queue(local, DESTINATION, [call('secret'), call('one')]);
    setDown(true);
    await takeOver();
    await takeOver();
    expect(dropped).toEqual([['secret', 'before-send']]);
    expect(stats()).toMatchObject({ tracked: 2, pending: 1, dropped: { 'before-send': 1 } });
  });

  test('nobody listens any more when the instance has ended', async () => {
    const local = fakeTextStore();
    boat(local, 'first', events('e', 2));
    const { takeOver, setDown, stop, lifecycle } = await refused(local);
    setDown(true);
    await takeOver();
    expect(lifecycle.listeners()).toBe(1);
    stop();
    expect(lifecycle.listeners()).toBe(0);
  });
});

describe('where the application wants memory', () => {
  test('they stay until they are delivered: a page in memory saves nothing as it leaves', async () => {
    const local = fakeTextStore();
    boat(local, 'first', events('e', 2));
    const { takeOver, setDown, leave, flush } = bench({ local, storage: 'memory' });
    setDown(true);
    await takeOver();
    leave();
    expect(local.keys()).toEqual([`${SCOPE}:lifeboat:first`]);
    setDown(false);
    await flush();
    leave();
    expect(local.keys()).toEqual([]);
  });
});
