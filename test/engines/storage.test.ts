/**
 * Storage that is refused, hangs, is private or is full: the receipt says so, and events arrive all the same.
 */
import { expect, test } from 'vitest';
import { until } from './engine.ts';
import { inEveryEngine } from './setup.ts';

const NO_INDEXED_DB = `Object.defineProperty(window, 'indexedDB', { value: undefined });`;
const REFUSED = `indexedDB.constructor.prototype.open = () => { throw new DOMException('No', 'SecurityError'); };`;
const HANGING = `indexedDB.constructor.prototype.open = () => new EventTarget();`;
const FULL = `for (const name of ['put', 'add']) IDBObjectStore.prototype[name] = () => { throw new DOMException('Full', 'QuotaExceededError'); };`;
const NO_LOCAL_STORAGE = `Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('No', 'SecurityError'); } });`;

inEveryEngine(({ engine, open, openPrivate, openWhereNothingIsKept, arrived }) => {
  for (const [what, before] of [
    ['is switched off', NO_INDEXED_DB],
    ['refuses to open', REFUSED],
    ['never opens', HANGING],
    ['has no room', FULL],
    ['and localStorage refuse', NO_LOCAL_STORAGE + REFUSED],
  ] as const)
    test(`IndexedDB ${what}: the receipt says "memory", the event arrives, and "error" tells it`, async () => {
      const tab = await open({ before });
      expect(await tab.evaluate(async () => (await window.analytics.track('A')).state)).toBe('memory');
      await arrived(['A']);
      const codes = await tab.evaluate(() =>
        window.told.filter(({ name }) => name === 'error').map(({ code }) => code),
      );
      expect(codes).toEqual(['storage-unavailable']);
    });

  test('a browser that forbids sites to store data: the receipt says "memory", and events arrive', async ({
    skip,
  }) => {
    const reason = engine().cannot['site-data-setting'];
    if (reason !== undefined) return skip(reason);
    const tab = await openWhereNothingIsKept();
    expect(await tab.evaluate(async () => (await window.analytics.track('A')).state)).toBe('memory');
    await arrived(['A']);
    return undefined;
  });

  test('localStorage is refused: IndexedDB is enough', async () => {
    const tab = await open({ before: NO_LOCAL_STORAGE });
    expect(await tab.evaluate(async () => (await window.analytics.track('A')).state)).toBe('stored');
    await arrived(['A']);
  });

  test('IndexedDB opens after three seconds: the event is stored', async () => {
    const before = `{
      const { open } = indexedDB.constructor.prototype;
      let isSlow = true;
      indexedDB.constructor.prototype.open = function (...args) {
        if (!isSlow) return open.apply(this, args);
        const request = new EventTarget();
        setTimeout(() => {
          isSlow = false;
          const real = open.apply(this, args);
          real.onupgradeneeded = (event) => { request.result = real.result; request.onupgradeneeded?.(event); };
          real.onsuccess = (event) => { request.result = real.result; request.onsuccess?.(event); };
        }, 3_000);
        return request;
      };
    }`;
    const tab = await open({ before });
    expect(await tab.evaluate(async () => (await window.analytics.track('A')).state)).toBe('stored');
    await arrived(['A']);
  });

  test('a private window', async ({ skip }) => {
    const why = engine().cannot['private-window'];
    if (why) return skip(why);
    const tab = await openPrivate();
    const state = await tab.evaluate(async () => (await window.analytics.track('A')).state);
    expect(['stored', 'memory']).toContain(state);
    await arrived(['A']);
    return undefined;
  });

  test('the browser is killed: an event whose receipt said "stored" is still stored', async ({ skip }) => {
    const why = engine().cannot.kill;
    if (why) return skip(why);
    const tab = await open({ sdk: { delivery: { flushIntervalMs: 600_000 } } });
    await tab.evaluate(() => window.analytics.track('First'));
    expect(await tab.evaluate(async () => (await window.analytics.track('A')).state)).toBe('stored');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await engine().killAndRestart();
    const next = await open();
    await until('the events', () =>
      next.evaluate(() => window.analytics.flush({ timeoutMs: 2_000 }).then(({ pending }) => pending === 0)),
    );
    await arrived(['First', 'A'], { ms: 40_000 });
    return undefined;
  });
});
