import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Analytics, Receipt } from '../../../src/sdk/api.ts';
import { createAnalytics } from '../../../src/sdk/create-analytics.ts';
import type { Plugin, PluginContext } from '../../../src/sdk/plugins/plugin.ts';
import { SdkError } from '../../../src/protocol/errors.ts';
import { settled } from '../../fakes/clock.ts';
import { events } from '../../fakes/events.ts';
import type { ProxyServer, ServerAnswer } from '../../fakes/proxy-server.ts';
import { expectedTotal, openSite } from '../../fakes/site.ts';

function expectBalance(analytics: Analytics): void {
  const { tracked, delivered, pending, dropped } = analytics.stats();
  expect(Math.min(tracked, delivered, pending, ...Object.values(dropped))).toBeGreaterThanOrEqual(0);
  expect(delivered + pending + expectedTotal(dropped)).toBe(tracked);
}

/** A plugin that holds events until it is told to let them go. */
function slowPlugin(): { readonly plugin: Plugin; letGo(): void } {
  const waiting: (() => void)[] = [];
  const hook = (context: PluginContext): Promise<PluginContext> =>
    new Promise((resolve) => void waiting.push(() => resolve(context)));
  return {
    plugin: {
      name: 'slow',
      type: 'enrichment',
      version: '1',
      isLoaded: () => true,
      load: () => Promise.resolve(),
      track: hook,
    },
    letGo() {
      for (const go of waiting.splice(0)) go();
    },
  };
}

function marking(name: string): Plugin {
  const hook = (context: PluginContext): PluginContext => {
    context.updateEvent(`properties.${name}`, true);
    return context;
  };
  return {
    name,
    type: 'enrichment',
    version: '1',
    isLoaded: () => true,
    load: () => Promise.resolve(),
    track: hook,
  };
}

/** What a private call was sent with, in the order of arrival. */
const bearersOf = ({ received }: ProxyServer): readonly (string | undefined)[] =>
  received.filter(({ path }) => path !== '/e/v1/batch').map(({ headers }) => headers.authorization);

const inboxOf = (...ids: readonly string[]): ServerAnswer => ({
  body: JSON.stringify({ messages: ids.map((id) => ({ id, opened: false, sentAt: '', properties: {} })) }),
});

const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => ({ value }),
    (cause: unknown) => (cause instanceof SdkError ? cause.code : cause),
  );

/** Every record of every database, as text. */
async function recordsOf(names: readonly string[]): Promise<string> {
  const records: unknown[] = [];
  for (const name of names) {
    const database = await answered(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      const { keys, values } = (() => {
        const objects = database.transaction(store).objectStore(store);
        return { keys: answered(objects.getAllKeys()), values: answered(objects.getAll()) };
      })();
      records.push(await keys, await values);
    }
    database.close();
  }
  return JSON.stringify(records);
}

const answered = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error('IndexedDB', { cause: request.error }));
  });

const unhandled: unknown[] = [];
const note = (cause: unknown): void => void unhandled.push(cause);

beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', note);
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
});

afterEach(async () => {
  await settled();
  process.off('unhandledRejection', note);
  vi.restoreAllMocks();
  vi.useRealTimers();
  expect(unhandled).toEqual([]);
});

describe('an event', () => {
  test('is safe when its promise says stored, and arrives as it was at its call', async () => {
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

  test('is one of many that go together, in order', async () => {
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

  test('that the proxy refuses is dropped and told', async () => {
    const { open, server } = await openSite();
    const { analytics, told } = open();
    server.respond(({ batch }) => ({ status: batch.length ? 400 : 200 }));
    const { id } = await analytics.track('E');
    await vi.waitFor(() => expect(told.dropped).toEqual([{ id, reason: 'rejected', status: 400 }]));
    expectBalance(analytics);
  });

  test('that is no event is dropped as invalid', async () => {
    const { open } = await openSite();
    const { analytics } = open();
    expect(await analytics.track('')).toMatchObject({ state: 'discarded', reason: 'invalid' });
    expectBalance(analytics);
  });

  test('waits in memory where the browser refuses a database, and arrives', async () => {
    const { open, server } = await openSite();
    Reflect.set(globalThis, 'indexedDB', undefined);
    const { analytics, delivered, told } = open();
    expect((await analytics.track('E')).state).toBe('memory');
    await delivered(1);
    expect(server.taken).toHaveLength(1);
    expect(told.error.map(({ code }) => code)).toEqual(['storage-unavailable']);
    expect(analytics.stats()).toMatchObject({ tracked: 1, delivered: 1, pending: 0 });
  });

  test('that an earlier page has saved with its last breath is not lost to a page without a database', async () => {
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

  test('arrives also where the browser has no locks', async () => {
    const { open, server } = await openSite();
    Object.defineProperty(navigator, 'locks', { value: undefined, configurable: true });
    const { analytics, delivered } = open();
    await analytics.track('E');
    await delivered(1);
    expect(server.taken).toHaveLength(1);
  });
});

describe('beforeSend', () => {
  test('may change an event, but not its id', async () => {
    const { open, server } = await openSite();
    const { analytics, delivered } = open({
      beforeSend: (event) => ({ ...event, messageId: 'mine', properties: { clean: true } }),
    });
    const { id } = await analytics.track('E', { secret: 1 });
    await delivered(1);
    expect(server.taken).toMatchObject([{ messageId: id, properties: { clean: true } }]);
  });

  test.each([
    ['null', () => null],
    [
      'a throw',
      () => {
        throw new Error('no');
      },
    ],
    ['nothing', () => undefined as unknown as null],
    ['something else', () => 'x' as unknown as null],
  ])('drops an event by %s', async (_, beforeSend) => {
    const { open, server } = await openSite();
    const { analytics } = open({ beforeSend });
    expect(await analytics.track('E')).toMatchObject({ state: 'discarded', reason: 'before-send' });
    await analytics.flush();
    expect(server.received).toEqual([]);
    expectBalance(analytics);
  });

  test('that answers what JSON cannot hold drops the event', async () => {
    const { open } = await openSite();
    const { analytics } = open({ beforeSend: (event) => ({ ...event, properties: { big: 1n } }) });
    expect(await analytics.track('E')).toMatchObject({ state: 'discarded', reason: 'invalid' });
    expectBalance(analytics);
  });
});

describe('before the visitor has decided', () => {
  test('nothing is kept and nothing is sent', async () => {
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

  test('calls keep their order, time, page and identity, and are made when they agree', async () => {
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

  test('calls are dropped when they do not agree, and so are all later ones', async () => {
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

  test('no more is held than the outbox would hold', async () => {
    const { open } = await openSite();
    const { analytics, told } = open({ consent: 'pending', outbox: { maxEvents: 3 } });
    for (const name of ['a', 'b', 'c', 'd', 'e']) void analytics.track(name);
    expect(told.dropped.map(({ reason }) => reason)).toEqual(['outbox-full', 'outbox-full']);
    expect(analytics.stats()).toMatchObject({ tracked: 5, pending: 3, dropped: { 'outbox-full': 2 } });
  });
});

describe('when the visitor withdraws', () => {
  test('nothing is left of what was kept, and nothing is sent any more', async () => {
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

  test('an event of the same task is discarded, and says so', async () => {
    const { open, server } = await openSite();
    const { analytics } = open();
    await analytics.flush();
    const receipt = analytics.track('E');
    analytics.consent.deny();
    expect(await receipt).toMatchObject({ state: 'discarded', reason: 'consent' });
    expectBalance(analytics);
    expect(server.taken).toEqual([]);
  });

  test('an event that was in a plugin comes out of it to nowhere', async () => {
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

  test('and agrees again in the same task, nothing that comes then is lost', async () => {
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

  test('at once on a page that has come after others, the counts are right', async () => {
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

  test('plugins, middleware and listeners hold again when they agree again', async () => {
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

  test('plugins that were given before the decision hold, too', async () => {
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

  test('in one tab, it holds for the others', async () => {
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

describe('the instance', () => {
  test('is the same for the same proxy and key, and says so when the options differ', async () => {
    const { open, clientKey } = await openSite();
    const { analytics } = open();
    const again = createAnalytics({ proxyUrl: '/e/', clientKey, delivery: { flushIntervalMs: 1 } });
    expect(again).toBe(analytics);
    vi.mocked(console.warn).mockClear();
    expect(createAnalytics({ proxyUrl: '/e', clientKey, debug: true })).toBe(analytics);
    expect(console.warn).toHaveBeenCalledOnce();
    const other = createAnalytics({ proxyUrl: '/e', clientKey: 'other', consent: 'denied' });
    expect(other).not.toBe(analytics);
    other.close();
  });

  test('is another one after it was closed', async () => {
    const { open, locks } = await openSite();
    const { analytics } = open();
    void analytics.track('E');
    await analytics.flush();
    analytics.close();
    await settled();
    expect(locks.held()).toEqual([]);
    expect(open().analytics).not.toBe(analytics);
  });

  test('never throws: with wrong options each call is discarded, which is told once', async () => {
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

  test('can be called without its name', async () => {
    const { open } = await openSite();
    const { track, identify, page, stats } = open().analytics;
    expect((await track('E')).state).toBe('stored');
    expect((await identify('u1')).state).toBe('stored');
    expect((await page()).state).toBe('stored');
    expect(stats().tracked).toBe(3);
  });
});

describe('nothing that it is given takes it down', () => {
  const nothings = [
    undefined,
    null,
    0,
    '',
    Symbol('x'),
    1n,
    [],
    {},
    () => undefined,
    Number.NaN,
    Object.create(null),
  ];
  type Anything = (...args: readonly unknown[]) => unknown;

  test.each(['granted', 'pending', 'denied'] as const)('with consent %s', async (consent) => {
    const { open } = await openSite();
    const { analytics } = open({ consent });
    const receipts: Promise<Receipt>[] = [];
    for (const method of ['track', 'page', 'screen', 'identify', 'alias'] as const) {
      receipts.push((analytics[method] as Anything)() as Promise<Receipt>);
      for (const one of nothings) {
        for (const other of [undefined, null, Symbol('x'), {}]) {
          receipts.push((analytics[method] as Anything)(one, other, one) as Promise<Receipt>);
        }
      }
    }
    for (const one of nothings) receipts.push((analytics.group as Anything)(one) as Promise<Receipt>);
    const answers = await Promise.all(receipts);
    expect(answers.every(({ id, state }) => id && state)).toBe(true);
    expectBalance(analytics);
  });

  test('nor do the other methods', async () => {
    const { open } = await openSite();
    const { analytics } = open();
    const methods = [
      'register',
      'deregister',
      'addSourceMiddleware',
      'setAnonymousId',
      'flush',
      'ready',
      'on',
      'anonymize',
      'reset',
      'user',
      'stats',
    ] as const;
    for (const method of methods) {
      for (const one of nothings) {
        // Such a middleware drops every event, as it may.
        if (method === 'addSourceMiddleware' && typeof one === 'function') continue;
        let answer: unknown;
        expect(
          () => (answer = (analytics[method] as Anything)(one, one)),
          `${method}(${typeof one})`,
        ).not.toThrow();
        await expect(Promise.resolve(answer), `${method}(${typeof one})`).resolves.not.toThrow();
      }
    }
    for (const one of nothings) {
      expect(() => (analytics.consent.grant as Anything)(one)).not.toThrow();
    }
    expect(typeof analytics.setAnonymousId('back to text')).toBe('string');
    expect((await analytics.track('still alive')).state).toBe('stored');
    expectBalance(analytics);
  });

  test('nor a listener, a plugin or a callback that throws', async () => {
    const { open, server } = await openSite();
    const { analytics, delivered, told } = open();
    const bad = (): never => {
      throw new Error('of the application');
    };
    for (const name of ['stored', 'delivered', 'identity', 'error', 'track', 'consent'] as const)
      analytics.on(name, bad);
    await analytics.register({
      ...marking('bad'),
      type: 'after',
      track: bad,
      ready: () => Promise.reject(new Error('no')),
    });
    void analytics.identify('u1');
    void analytics.track('E', {}, {}, bad);
    await analytics.ready(bad);
    await delivered(2);
    expect(server.taken).toHaveLength(2);
    expect(told.error.every(({ code }) => code === 'plugin-failed')).toBe(true);
    expectBalance(analytics);
  });

  test('nor what is thrown being no error at all', async () => {
    const { open } = await openSite();
    const { analytics } = open();
    analytics.on('stored', () => {
      throw Object.create(null);
    });
    expect((await analytics.track('E')).state).toBe('stored');
    await analytics.flush();
    expect(analytics.stats().delivered).toBe(1);
  });
});

describe('the visitor', () => {
  test('is told when they change, and events go under who they were', async () => {
    const { open, server } = await openSite();
    const { analytics, delivered, told } = open();
    void analytics.track('a');
    void analytics.identify('u1');
    void analytics.track('b');
    void analytics.identify('u2');
    void analytics.track('c');
    analytics.anonymize();
    void analytics.track('d');
    await delivered(6);
    const who = server.taken
      .filter(({ type }) => type === 'track')
      .map(({ userId, anonymousId }) => [userId, anonymousId]);
    expect(who.map(([userId]) => userId)).toEqual([undefined, 'u1', 'u2', undefined]);
    expect(who[0]?.[1]).toBe(who[1]?.[1]);
    expect(new Set(who.map(([, anonymousId]) => anonymousId)).size).toBe(3);
    expect(told.identity.map(({ userId }) => userId)).toEqual(['u1', 'u2', null]);
  });

  test('is the same in the other tabs', async () => {
    const { open } = await openSite();
    const [one, other] = [open(), open()];
    expect(one.analytics.user().anonymousId()).toBe(other.analytics.user().anonymousId());
    void one.analytics.identify('u1');
    await vi.waitFor(() => expect(other.analytics.user().id()).toBe('u1'));
    other.analytics.anonymize();
    await vi.waitFor(() => expect(one.analytics.user().id()).toBeNull());
    expect(one.analytics.user().anonymousId()).toBe(other.analytics.user().anonymousId());
  });

  test('stays who they are where the browser keeps nothing, also when the page is shown again', async () => {
    const { open } = await openSite();
    vi.spyOn(Storage.prototype, 'getItem').mockImplementation(() => {
      throw new Error('SecurityError');
    });
    vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new Error('SecurityError');
    });
    vi.spyOn(document, 'cookie', 'get').mockReturnValue('');
    const { analytics, told } = open();
    void analytics.identify('u1', { plan: 'pro' });
    const anonymousId = analytics.user().anonymousId();
    document.dispatchEvent(new Event('visibilitychange'));
    window.dispatchEvent(new Event('storage'));
    expect([analytics.user().id(), analytics.user().anonymousId()]).toEqual(['u1', anonymousId]);
    expect(analytics.user().traits()).toEqual({ plan: 'pro' });
    expect(told.identity).toHaveLength(1);
  });

  test('has an anonymous id that can be set', async () => {
    const { open } = await openSite();
    const { analytics } = open();
    expect(analytics.setAnonymousId('mine')).toBe('mine');
    expect(analytics.setAnonymousId()).toBe('mine');
    const pending = open({ consent: 'pending' });
    expect(pending.analytics.setAnonymousId('other')).toBeNull();
  });

  test('can be in a group', async () => {
    const { open } = await openSite();
    const { analytics } = open();
    expect(analytics.group().id()).toBeNull();
    await analytics.group('g1', { name: 'G' });
    expect([analytics.group().id(), analytics.group().traits()]).toEqual(['g1', { name: 'G' }]);
  });

  test('stays in a group that is kept in memory only, also when the page is shown again', async () => {
    const { open } = await openSite();
    const { analytics } = open({ group: { persist: false } });
    await analytics.group('g1', { name: 'G' });
    document.dispatchEvent(new Event('visibilitychange'));
    expect([analytics.group().id(), analytics.group().traits()]).toEqual(['g1', { name: 'G' }]);
  });
});

describe('a flush', () => {
  test('says what became of the events', async () => {
    const { open, server } = await openSite();
    const { analytics } = open({ delivery: { flushIntervalMs: 60_000 } });
    server.respond(({ batch }) => ({ status: batch.some(({ event }) => event === 'bad') ? 400 : 200 }));
    await Promise.all(['a', 'bad', 'b'].map((name) => analytics.track(name)));
    const result = await analytics.flush();
    expect(analytics.stats()).toMatchObject({
      tracked: 3,
      delivered: 2,
      pending: 0,
      dropped: { rejected: 1 },
    });
    expect(result).toMatchObject({ pending: 0 });
  });

  test('takes no longer than it may', async () => {
    const { open, server } = await openSite();
    server.respond('silence');
    const { analytics } = open();
    void analytics.track('E');
    expect(await analytics.flush({ timeoutMs: 20 })).toEqual({ delivered: 0, pending: 1, dropped: 0 });
  });

  test('of a tab that does not send asks the one that does', async () => {
    const { open, server } = await openSite();
    const first = open({ delivery: { flushIntervalMs: 60_000 } });
    void first.analytics.track('first');
    await first.analytics.flush();
    await first.delivered(1);
    const second = open({ delivery: { flushIntervalMs: 60_000 } });
    await second.analytics.track('second');
    expect(await second.analytics.flush()).toMatchObject({ pending: 0 });
    expect(server.taken.map(({ event }) => event)).toEqual(['first', 'second']);
    await vi.waitFor(() => expect(second.told.delivered).toHaveLength(1));
    for (const { analytics } of [first, second]) expectBalance(analytics);
  });
});

describe('the counts', () => {
  test('add up after every step, whatever the proxy says', async () => {
    const { open, server } = await openSite();
    const { analytics } = open({ outbox: { maxEvents: 8 } });
    const answers = [200, 400, 503, 200, 413, 401, 200];
    let requests = 0;
    server.respond(() => ({
      status: answers[requests++ % answers.length] ?? 200,
      headers: { 'Retry-After': '0' },
    }));
    for (let i = 0; i < 30; i++) {
      void analytics.track(i % 7 === 0 ? '' : `e${i}`, { text: 'x'.repeat(i % 11 === 0 ? 33_000 : 10) });
      expectBalance(analytics);
      if (i % 3 === 0) await settled();
      expectBalance(analytics);
    }
    await analytics.flush({ timeoutMs: 1_000 });
    expectBalance(analytics);
    expect(analytics.stats().tracked).toBe(30);
  });

  test('hold what waited when the page came', async () => {
    const { open, server } = await openSite();
    server.respond({ status: 503, headers: { 'Retry-After': '3600' } });
    const first = open();
    await Promise.all([first.analytics.track('a'), first.analytics.track('b')]);
    first.analytics.close();
    const { analytics } = open({ consent: 'pending' });
    expect(analytics.stats().tracked).toBe(0);
    analytics.consent.grant();
    await vi.waitFor(() => expect(analytics.stats()).toMatchObject({ tracked: 2, pending: 2, delivered: 0 }));
    analytics.consent.deny();
    expect(analytics.stats()).toMatchObject({ tracked: 2, pending: 0, dropped: { consent: 2 } });
  });
});

describe('a private call', () => {
  const provider = ({ userId }: { readonly userId: string }): string => `token-of-${userId}`;

  test('goes to the proxy with the token, the key and nothing else that says who it is', async () => {
    const { open, server, clientKey } = await openSite();
    const { analytics } = open({ customerToken: provider });
    void analytics.identify('ann');
    server.respond({ status: 201, body: '{"fine":true}' });
    const response = await analytics.fetch('/v1/x?y=1', {
      method: 'POST',
      body: '{"a":1}',
      headers: { Authorization: 'Basic mine', 'X-Mine': 'yes' },
    });
    expect([response.status, await response.json()]).toEqual([201, { fine: true }]);
    const call = server.received.find(({ path }) => path === '/e/v1/x?y=1');
    expect(call).toMatchObject({
      method: 'POST',
      text: '{"a":1}',
      headers: {
        authorization: 'Bearer token-of-ann',
        'x-cio-client-key': clientKey,
        'x-mine': 'yes',
        'idempotency-key': expect.any(String) as string,
      },
    });
    expect(call?.headers.cookie).toBeUndefined();
  });

  test('learns the time of the server from its answer', async () => {
    const { open, server } = await openSite();
    const serverMs = Date.now() - 3_600_000;
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const exp = Math.floor((serverMs + 7_200_000) / 1_000);
    const token = `${part({ alg: 'HS256' })}.${part({ sub: 'ann', exp })}.c2ln`;
    const { analytics } = open({ customerToken: () => token });
    void analytics.identify('ann');
    server.respond({ headers: { Date: new Date(serverMs).toUTCString() } });
    await analytics.fetch('/v1/x');
    const { expiresAtMs = 0 } = analytics.customerTokenStatus();
    expect(Math.abs(expiresAtMs - Date.now() - 7_200_000)).toBeLessThan(10_000);
  });

  test('never becomes anything less', async () => {
    const { open, server } = await openSite();
    const none = open();
    expect(await codeOf(none.analytics.fetch('/v1/x'))).toBe('anonymous');
    void none.analytics.identify('ann');
    expect(await codeOf(none.analytics.fetch('/v1/x'))).toBe('auth-disabled');
    none.analytics.anonymize();
    const nothing = open({ customerToken: () => null });
    expect(await codeOf(nothing.analytics.inbox.messages())).toBe('anonymous');
    void nothing.analytics.identify('ann');
    expect(await codeOf(nothing.analytics.inbox.messages())).toBe('token-unavailable');
    expect(bearersOf(server)).toEqual([]);
  });

  test.each(['pending', 'denied'] as const)('is not made with consent %s', async (consent) => {
    const { open, server } = await openSite();
    const { analytics } = open({ consent, customerToken: provider });
    void analytics.identify('ann');
    const { inbox, customer } = analytics;
    for (const call of [
      () => analytics.fetch('/v1/x'),
      () => inbox.messages(),
      () => inbox.markAsRead('m'),
      () => inbox.delete('m'),
      () => customer.attributes(),
      () => customer.subscriptions(),
    ])
      expect(await codeOf(call())).toBe('auth-disabled');
    inbox.onChange(() => undefined)();
    expect(await analytics.refreshCustomerToken()).toEqual({ state: 'none', userId: null });
    expect(server.received).toEqual([]);
  });

  test('is not made on a server', async () => {
    const page = Object.getOwnPropertyDescriptor(globalThis, 'document') ?? {};
    Object.defineProperty(globalThis, 'document', { value: undefined, configurable: true });
    const analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'server', customerToken: provider });
    Object.defineProperty(globalThis, 'document', page);
    expect(await codeOf(analytics.fetch('/v1/x'))).toBe('auth-disabled');
    expect(await codeOf(analytics.customer.attributes())).toBe('auth-disabled');
    analytics.setCustomerToken('token');
    analytics.inbox.onChange(() => undefined)();
    expect(await analytics.refreshCustomerToken()).toEqual({ state: 'none', userId: null });
    expect(analytics.customerTokenStatus()).toEqual({ state: 'none', userId: null });
  });

  test.each([true, false])('is not made after close(), loaded before: %s', async (isLoaded) => {
    const { open, server } = await openSite();
    const { analytics } = open({ customerToken: provider });
    void analytics.identify('ann');
    if (isLoaded) await analytics.fetch('/v1/x');
    analytics.close();
    const before = bearersOf(server).length;
    expect(await codeOf(analytics.fetch('/v1/x'))).toBe('auth-disabled');
    expect(await codeOf(analytics.inbox.messages())).toBe('auth-disabled');
    expect(bearersOf(server)).toHaveLength(before);
  });

  test('that is under way ends when consent is withdrawn', async () => {
    const { open, server } = await openSite();
    const { analytics } = open({ customerToken: provider });
    void analytics.identify('ann');
    server.respond(({ path }) => (path === '/e/v1/batch' ? {} : 'silence'));
    const read = codeOf(analytics.customer.attributes());
    await vi.waitFor(() => expect(bearersOf(server)).toHaveLength(1));
    analytics.consent.deny();
    expect(await read).toBe('auth-disabled');
  });

  test('whose failure nobody looks at disturbs nobody', async () => {
    const { open } = await openSite();
    const { analytics, told } = open({ customerToken: () => null });
    void analytics.identify('ann');
    void analytics.fetch('/v1/x');
    void analytics.fetch('https://evil.example.com/');
    void analytics.inbox.messages();
    void analytics.inbox.markAsRead('m');
    void analytics.customer.subscriptions({ 1: true });
    void analytics.refreshCustomerToken();
    analytics.inbox.onChange(() => undefined);
    analytics.setCustomerToken('token');
    analytics.anonymize();
    await vi.waitFor(() => expect(analytics.customerTokenStatus().state).toBe('anonymous'));
    await settled(10);
    expect(told.error).toEqual([]);
  });

  test.each(['//evil.example.com/x', '/../x', 'https://evil.example.com/', '', 'v1/x', undefined, 7])(
    'to %j is refused',
    async (path) => {
      const { open, server } = await openSite();
      const { analytics } = open({ customerToken: provider });
      void analytics.identify('ann');
      expect(await codeOf(analytics.fetch(path as string))).toBe('invalid-options');
      expect(bearersOf(server)).toEqual([]);
    },
  );
});

describe('the customer token', () => {
  test.each(['granted', 'pending'] as const)(
    'that comes with identify() is used, and is no part of the event, with consent %s',
    async (consent) => {
      const { open, server } = await openSite();
      const { analytics, delivered } = open({ consent });
      const options = { token: 'token-of-ann', context: { own: true } };
      const seen: unknown[] = [];
      analytics.on('identify', (...args) => void seen.push(args));
      void analytics.identify('ann', { plan: 'pro' }, options);
      analytics.consent.grant();
      expect((await analytics.fetch('/v1/x')).status).toBe(200);
      await delivered(1);
      expect(bearersOf(server)).toEqual(['Bearer token-of-ann']);
      expect(server.taken).toMatchObject([
        { userId: 'ann', traits: { plan: 'pro' }, context: { own: true } },
      ]);
      expect(JSON.stringify([server.taken, seen])).not.toContain('token-of-ann');
      expect(options.token).toBe('token-of-ann');
    },
  );

  test('that comes with identify(traits, options) neither', async () => {
    const { open, server } = await openSite();
    const { analytics, delivered } = open();
    void analytics.identify('ann');
    void analytics.identify(
      { plan: 'pro', token: 'a trait' },
      { token: 'token-of-ann', context: { own: true } },
    );
    expect((await analytics.fetch('/v1/x')).status).toBe(200);
    await delivered(2);
    expect(bearersOf(server)).toEqual(['Bearer token-of-ann']);
    expect(server.taken[1]).toMatchObject({ traits: { token: 'a trait' }, context: { own: true } });
    expect(JSON.stringify(server.taken)).not.toContain('token-of-ann');
  });

  test('is set, renewed and forgotten, and never shown', async () => {
    const { open, server } = await openSite();
    let asked = 0;
    const { analytics, told } = open({ customerToken: () => `provided-${++asked}` });
    void analytics.identify('ann');
    analytics.setCustomerToken('pushed');
    await analytics.fetch('/v1/x');
    expect(asked).toBe(0);
    const renewed = await analytics.refreshCustomerToken();
    expect(renewed).toMatchObject({ state: 'usable', userId: 'ann' });
    expect(analytics.customerTokenStatus()).toMatchObject({ state: 'usable', userId: 'ann' });
    await analytics.fetch('/v1/x');
    analytics.setCustomerToken(null);
    await vi.waitFor(() => expect(told.token.map(({ type }) => type)).toContain('cleared'));
    expect(analytics.customerTokenStatus()).toEqual({ state: 'none', userId: 'ann' });
    await analytics.fetch('/v1/x');
    expect(bearersOf(server)).toEqual(['Bearer pushed', 'Bearer provided-1', 'Bearer provided-2']);
    expect(JSON.stringify([told, renewed, analytics.customerTokenStatus()])).not.toMatch(/pushed|provided-/);
  });

  test('that the proxy refuses is replaced once', async () => {
    const { open, server } = await openSite();
    let asked = 0;
    const { analytics, told } = open({ customerToken: () => `provided-${++asked}` });
    void analytics.identify('ann');
    server.respond(({ headers }) => ({
      status: headers.authorization === 'Bearer provided-2' ? 200 : 401,
      body: '{"error":"invalid_token"}',
    }));
    const response = await analytics.fetch('/v1/x', { method: 'POST' });
    expect(response.status).toBe(200);
    const keys = server.received
      .filter(({ path }) => path === '/e/v1/x')
      .map(({ headers }) => headers['idempotency-key']);
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
    expect(told.token).toMatchObject([
      { type: 'refreshed' },
      { type: 'invalid', status: 401, path: '/v1/x' },
      { type: 'refreshed' },
    ]);
    server.respond({ status: 401 });
    expect(await codeOf(analytics.fetch('/v1/x'))).toBe('token-rejected');
  });

  test('stays when it is the key that is refused', async () => {
    const { open, server } = await openSite();
    // The clone of an answer from the network is empty in happy-dom.
    const original = fetch;
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (...given) => {
      const response = await original(...given);
      const { status, headers } = response;
      return new Response(await response.text(), { status, headers });
    });
    const { analytics, told } = open({ customerToken: () => 'token' });
    void analytics.identify('ann');
    await analytics.flush();
    server.respond({ status: 401, body: '{"error":"invalid_client_key"}' });
    expect((await analytics.fetch('/v1/x')).status).toBe(401);
    expect(bearersOf(server)).toHaveLength(1);
    expect(told.error.map(({ code }) => code)).toEqual(['invalid-client-key']);
    expect(analytics.customerTokenStatus().state).toBe('usable');
  });

  test('is in the header of private calls, and nowhere else', async () => {
    const SECRET = 'S3CR3T';
    const lines: unknown[] = [];
    for (const method of ['log', 'info', 'debug', 'warn', 'error', 'groupCollapsed', 'group'] as const)
      vi.spyOn(console, method).mockImplementation((...line: readonly unknown[]) => void lines.push(line));
    const { open, server, databases } = await openSite();
    const errors: unknown[] = [];
    let asked = 0;
    const tab = open({
      debug: true,
      customerToken: ({ userId }) => `${SECRET}-${userId}-${++asked}`,
      delivery: { flushIntervalMs: 60_000 },
    });
    const other = open({ customerToken: () => `${SECRET}-other` });
    const { analytics } = tab;
    const note = (work: Promise<unknown>): Promise<unknown> =>
      work.then(
        () => undefined,
        (cause: unknown) => void errors.push(cause, (cause as Error).message, (cause as Error).cause),
      );
    for (const name of ['identify', 'track', 'reset'])
      analytics.on(name, (...args: readonly unknown[]) => void lines.push(args));

    analytics.setCustomerToken(`${SECRET}-for-nobody`);
    void analytics.identify('ann', { plan: 'pro' }, { token: `${SECRET}-pushed` });
    void analytics.identify({ plan: 'pro' }, { token: `${SECRET}-traits` });
    void analytics.track('E');
    await note(analytics.fetch('/v1/x', { method: 'POST', body: '{}' }));
    server.respond({ status: 401, body: '{"error":"invalid_token"}' });
    await note(analytics.fetch('/v1/x'));
    await note(analytics.inbox.messages());
    server.respond({ status: 403, body: '{"error":"subject_mismatch"}' });
    analytics.setCustomerToken({ token: `${SECRET}-again`, expiresIn: 600 });
    await note(analytics.customer.attributes());
    server.respond({ status: 500, body: 'no' });
    await note(analytics.customer.subscriptions({ 1: true }));
    server.respond('hang-up');
    await note(analytics.customer.attributes());
    server.respond({});
    analytics.setCustomerToken(`${SECRET} with a space`);
    analytics.setCustomerToken(`${SECRET}-again`);
    await note(analytics.refreshCustomerToken());
    await note(analytics.fetch(`//evil.example.com/x`));
    void other.analytics.inbox.messages();
    analytics.inbox.onChange(() => undefined);
    // What was called until here has gone, so that the last call is alone in the lifeboat.
    await analytics.flush({ timeoutMs: 1_000 });
    void analytics.track('last');
    window.dispatchEvent(new Event('pagehide'));
    const left = JSON.stringify(Object.entries(localStorage));
    await settled(10);
    await analytics.flush({ timeoutMs: 200 });
    void analytics.identify('bob');
    analytics.anonymize();
    await settled(10);
    // What prints them may have been loaded this moment only.
    await vi.waitFor(() => expect(lines.length).toBeGreaterThan(20), 10_000);

    const places = {
      left,
      cookies: document.cookie,
      localStorage: JSON.stringify(Object.entries(localStorage)),
      records: await recordsOf(await databases()),
      lines: JSON.stringify(lines) + lines.map(String).join(),
      errors: JSON.stringify(errors) + errors.map(String).join(),
      told:
        JSON.stringify([tab.told, other.told]) + [...tab.told.error, ...other.told.error].map(String).join(),
      status: JSON.stringify([analytics.customerTokenStatus(), other.analytics.customerTokenStatus()]),
      stats: JSON.stringify(analytics.stats()),
      bodies: JSON.stringify(server.received.map(({ text, path }) => [text, path])),
      headers: JSON.stringify(
        server.received.map(({ path, headers }) => ({
          ...headers,
          ...(path !== '/e/v1/batch' && { authorization: '' }),
        })),
      ),
    };
    for (const [place, text] of Object.entries(places)) expect(text, place).not.toContain(SECRET);
    // It was there to be found, in each of them.
    expect(bearersOf(server).length).toBeGreaterThan(8);
    expect(bearersOf(server).every((header) => header?.startsWith(`Bearer ${SECRET}`))).toBe(true);
    expect(errors.length).toBeGreaterThan(8);
    expect(left).toContain('lifeboat');
    expect(tab.told.token.length).toBeGreaterThan(4);
    expect(places.bodies).toContain('\\"event\\":\\"E\\"');
  });
});

describe('the inbox', () => {
  const provider = ({ userId }: { readonly userId: string }): string => `token-of-${userId}`;

  test('is empty in the same tick as anonymize(), and holds the messages of whoever comes next', async () => {
    const { open, server } = await openSite();
    const { analytics } = open({ customerToken: provider });
    server.respond(({ headers, path }) =>
      path === '/e/v1/batch' ? {} : inboxOf(`for-${headers.authorization}`),
    );
    void analytics.identify('ann');
    const heard: string[][] = [];
    const stop = analytics.inbox.onChange((messages) => void heard.push(messages.map(({ id }) => id)));
    await vi.waitFor(() => expect(heard).toEqual([['for-Bearer token-of-ann']]));
    const order: string[] = [];
    analytics.on('identity', () => void order.push(`${heard.length}`));
    analytics.anonymize();
    expect(heard[1]).toEqual([]);
    expect(order).toEqual(['2']);
    void analytics.identify('bob');
    expect(heard.slice(2)).toEqual([[]]);
    await vi.waitFor(() => expect(heard.at(-1)).toEqual(['for-Bearer token-of-bob']));
    stop();
    const before = heard.length;
    analytics.anonymize();
    expect(heard).toHaveLength(before);
  });

  test('that somebody listens to before consent is read when it is given', async () => {
    const { open, server } = await openSite();
    const { analytics } = open({ consent: 'pending', customerToken: provider });
    server.respond(({ path }) => (path === '/e/v1/batch' ? {} : inboxOf('m1')));
    const heard: string[][] = [];
    void analytics.identify('ann');
    analytics.inbox.onChange((messages) => void heard.push(messages.map(({ id }) => id)));
    const stopped = vi.fn();
    analytics.inbox.onChange(stopped)();
    await settled(10);
    expect([heard, bearersOf(server)]).toEqual([[], []]);
    analytics.consent.grant();
    await vi.waitFor(() => expect(heard).toEqual([['m1']]));
    expect(stopped).not.toHaveBeenCalled();
  });

  test('tells of a listener that throws, and the others hear', async () => {
    const { open, server } = await openSite();
    const { analytics, told } = open({ customerToken: provider });
    server.respond(({ path }) => (path === '/e/v1/batch' ? {} : inboxOf('m1')));
    void analytics.identify('ann');
    analytics.inbox.onChange(() => {
      throw new Error('of the application');
    });
    const heard = vi.fn();
    analytics.inbox.onChange(heard);
    await vi.waitFor(() => expect(heard).toHaveBeenCalledOnce());
    expect(told.error.map(({ code }) => code)).toEqual(['plugin-failed']);
  });

  test('and the attributes and topics are those of the proxy', async () => {
    const { open, server } = await openSite();
    const { analytics } = open({ customerToken: provider });
    void analytics.identify('ann');
    const topics = [{ id: '1', name: 'News', subscribed: false }];
    server.respond(({ path }) => {
      if (path === '/e/v1/inbox/fetch') return inboxOf('m1', 'm2');
      return { body: JSON.stringify({ attributes: { plan: 'pro' }, topics }) };
    });
    const { inbox, customer } = analytics;
    expect(await inbox.messages()).toMatchObject([{ id: 'm1' }, { id: 'm2' }]);
    await inbox.markAsRead('m1');
    await inbox.delete('m2');
    expect(await customer.attributes()).toEqual({ plan: 'pro' });
    expect(await customer.subscriptions({ 1: false })).toEqual(topics);
    const calls = server.received.filter(({ path }) => path !== '/e/v1/batch');
    expect(calls.map(({ path, text }) => [path, text])).toEqual([
      ['/e/v1/inbox/fetch', '{}'],
      ['/e/v1/inbox/mark-as-read', '{"id":"m1"}'],
      ['/e/v1/inbox/delete', '{"id":"m2"}'],
      ['/e/v1/customers/attributes', '{}'],
      ['/e/v1/consent/categories', '{"topics":[{"id":"1","subscribed":false}]}'],
      ['/e/v1/consent/categories', '{}'],
    ]);
  });
});

describe('somebody else in another tab', () => {
  const provider = ({ userId }: { readonly userId: string }): string => `token-of-${userId}`;

  test('ends the private calls of this one, also where the first is back by then', async () => {
    const { open, server } = await openSite();
    const [one, other] = [open({ customerToken: provider }), open({ customerToken: provider })];
    void one.analytics.identify('ann');
    await vi.waitFor(() => expect(other.analytics.user().id()).toBe('ann'));
    server.respond(({ path }) => (path === '/e/v1/batch' ? {} : 'silence'));
    const read = codeOf(other.analytics.fetch('/v1/x'));
    await vi.waitFor(() => expect(bearersOf(server)).toHaveLength(1));
    void one.analytics.identify('bob');
    void one.analytics.identify('ann');
    expect(await read).toBe('identity-changed');
  });

  test('does not get the write that this tab had for the one before', async () => {
    const { open, server } = await openSite();
    const [one, other] = [open({ customerToken: provider }), open({ customerToken: provider })];
    void one.analytics.identify('ann');
    await vi.waitFor(() => expect(other.analytics.user().id()).toBe('ann'));
    await other.analytics.fetch('/v1/x');
    // No message between the tabs has arrived yet: only the cookie tells.
    void one.analytics.identify('bob');
    expect(await codeOf(other.analytics.customer.subscriptions({ 1: true }))).toBe('identity-changed');
    expect(bearersOf(server)).toEqual(['Bearer token-of-ann']);
    await other.analytics.fetch('/v1/x');
    expect(bearersOf(server)).toEqual(['Bearer token-of-ann', 'Bearer token-of-bob']);
  });

  test('empties the inbox here', async () => {
    const { open, server } = await openSite();
    const [one, other] = [open({ customerToken: provider }), open({ customerToken: provider })];
    server.respond(({ path }) => (path === '/e/v1/batch' ? {} : inboxOf('m1')));
    void one.analytics.identify('ann');
    const heard: number[] = [];
    other.analytics.inbox.onChange((messages) => void heard.push(messages.length));
    await vi.waitFor(() => expect(heard.at(-1)).toBe(1));
    one.analytics.anonymize();
    await vi.waitFor(() => expect(heard.at(-1)).toBe(0));
  });
});
