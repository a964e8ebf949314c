/** Browsers that refuse to keep anything: the page is unharmed, and events are still delivered. */
import type { Page } from 'playwright';
import { expect, stats, test, told, toldTimes } from '../support/fixtures.ts';
import { addsUp } from '../support/in-page.ts';
import { page as html } from '../support/site-pages.ts';
import { numbered } from '../support/stand-in.ts';

const ONCE = (count: number): object => ({ delivered: count, lost: 0, duplicated: 0 });

const track = (page: Page, names: readonly string[]): Promise<readonly string[]> =>
  page.evaluate(
    async (all) =>
      (await Promise.all(all.map((name) => window.analytics.track(name)))).map(({ state }) => state),
    names,
  );

const REFUSALS: Readonly<Record<string, () => void>> = {
  'open() throws': () => {
    indexedDB.open = () => {
      throw new DOMException('denied', 'SecurityError');
    };
  },
  'open() fails': () => {
    const open = indexedDB.open.bind(indexedDB);
    // As a browser does that has a newer version of the database.
    indexedDB.open = (name) => {
      const first = open(name, 9);
      return name.includes('cio') ? open(name, 1) : first;
    };
  },
  'open() never answers': () => {
    indexedDB.open = () => new EventTarget() as IDBOpenDBRequest;
  },
  'indexedDB is undefined': () => {
    Object.defineProperty(window, 'indexedDB', { value: undefined });
  },
  'indexedDB’s getter throws': () => {
    Object.defineProperty(window, 'indexedDB', {
      get() {
        throw new DOMException('denied', 'SecurityError');
      },
    });
  },
  'every write runs out of room': () => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
  },
  'every transaction throws': () => {
    IDBDatabase.prototype.transaction = () => {
      throw new DOMException('closing', 'InvalidStateError');
    };
  },
};

for (const [name, refuse] of Object.entries(REFUSALS)) {
  test(`IndexedDB: ${name}: told once, kept in memory, delivered`, async ({ open, page, standIn }) => {
    await page.addInitScript(refuse);
    await open();
    expect(new Set(await track(page, numbered(20)))).toEqual(new Set(['memory']));
    await expect.poll(() => standIn.account(numbered(20))).toEqual(ONCE(20));
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 20, delivered: 20, pending: 0 });
    expect((await told(page, 'error')).map(({ code }) => code)).toEqual(['storage-unavailable']);
  });
}

test('IndexedDB breaks in the middle: what it had stays counted, what comes is delivered', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await site.faults({ does: 'cut' });
  await open();
  expect(await track(page, numbered(5, 'Before'))).toContain('stored');
  await page.evaluate(() => {
    IDBDatabase.prototype.transaction = () => {
      throw new DOMException('closing', 'InvalidStateError');
    };
    indexedDB.open = () => {
      throw new DOMException('denied', 'SecurityError');
    };
  });
  expect(new Set(await track(page, numbered(5, 'After')))).toEqual(new Set(['memory']));
  await site.faults();
  await page.evaluate(() => window.analytics.flush());
  await expect.poll(() => standIn.account(numbered(5, 'After'))).toEqual(ONCE(5));
  expect(addsUp(await stats(page))).toBe(true);
  await page.reload();
  // The page that left has sent them too, and never learned that they arrived.
  await expect.poll(() => standIn.account(numbered(5, 'Before'))).toMatchObject({ delivered: 5 });
  expect(await standIn.account(numbered(5, 'After'))).toEqual(ONCE(5));
});

test('the database is deleted under the open page: it goes on', async ({ open, page, standIn }) => {
  await open();
  await track(page, ['Before']);
  await expect.poll(() => standIn.account(['Before'])).toEqual(ONCE(1));
  await page.evaluate(async () => {
    for (const { name } of await indexedDB.databases()) {
      await new Promise((resolve) => {
        const request = indexedDB.deleteDatabase(name ?? '');
        request.addEventListener('success', resolve);
        request.addEventListener('blocked', resolve);
      });
    }
  });
  expect(await track(page, numbered(5))).toHaveLength(5);
  await page.evaluate(() => window.analytics.flush());
  await expect.poll(() => standIn.account(numbered(5))).toEqual(ONCE(5));
  expect(addsUp(await stats(page))).toBe(true);
});

test('`Clear site data` under the open page: it goes on', async ({ context, open, page, site, standIn }) => {
  await open();
  await track(page, ['Before']);
  await expect.poll(() => standIn.account(['Before'])).toEqual(ONCE(1));
  const session = await context.newCDPSession(page);
  await session.send('Storage.clearDataForOrigin', { origin: site.origin, storageTypes: 'all' });
  await track(page, numbered(5));
  await page.evaluate(() => window.analytics.flush());
  await expect.poll(() => standIn.account(numbered(5))).toEqual(ONCE(5));
  expect(addsUp(await stats(page))).toBe(true);
});

test('localStorage and cookies throw: one visitor for as long as the page lives', async ({
  open,
  page,
  standIn,
}) => {
  await page.addInitScript(() => {
    const deny = {
      get() {
        throw new DOMException('denied', 'SecurityError');
      },
      set() {
        throw new DOMException('denied', 'SecurityError');
      },
    };
    Object.defineProperty(window, 'localStorage', deny);
    Object.defineProperty(window, 'sessionStorage', deny);
    Object.defineProperty(Document.prototype, 'cookie', deny);
  });
  await open();
  await track(page, ['A', 'B']);
  await page.evaluate(() => window.analytics.identify('u1', { plan: 'pro' }));
  await expect.poll(() => standIn.names()).toEqual(['A', 'B', 'identify']);
  const events = await standIn.events();
  expect(new Set(events.map(({ anonymousId }) => anonymousId)).size).toBe(1);
  expect(events[2]?.userId).toBe('u1');
});

test('localStorage is full: the page is unharmed, ids live in the cookie', async ({
  open,
  page,
  standIn,
}) => {
  await page.addInitScript(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
  });
  await open();
  await track(page, ['A']);
  await page.reload();
  await track(page, ['B']);
  await expect.poll(() => standIn.account(['A', 'B'])).toMatchObject({ delivered: 2 });
  expect(new Set((await standIn.events()).map(({ anonymousId }) => anonymousId)).size).toBe(1);
});

test('everything is refused at once, Web Locks and BroadcastChannel too', async ({ open, page, standIn }) => {
  await page.addInitScript(() => {
    const deny = {
      get() {
        throw new DOMException('denied', 'SecurityError');
      },
    };
    for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
      Object.defineProperty(window, name, deny);
    Object.defineProperty(Document.prototype, 'cookie', deny);
    Object.defineProperty(navigator, 'locks', {
      value: {
        request: () => Promise.reject(new DOMException('denied', 'SecurityError')),
        query: () => Promise.reject(new DOMException('denied', 'SecurityError')),
      },
    });
    Object.defineProperty(window, 'BroadcastChannel', {
      value: function refused() {
        throw new DOMException('denied', 'SecurityError');
      },
    });
    Object.defineProperty(window, 'CompressionStream', { value: undefined });
  });
  await open();
  await track(page, numbered(10));
  await expect.poll(() => standIn.account(numbered(10))).toEqual(ONCE(10));
  expect(addsUp(await stats(page))).toBe(true);
});

test('Web Locks reject: events are delivered all the same', async ({ open, page, standIn }) => {
  await page.addInitScript(() => {
    LockManager.prototype.request = () => Promise.reject(new DOMException('denied', 'SecurityError'));
  });
  await open();
  await track(page, numbered(3));
  await expect.poll(() => standIn.account(numbered(3))).toEqual(ONCE(3));
});

test('a sandboxed frame, which has no origin: neither it nor its page is harmed', async ({
  page,
  site,
  standIn,
}) => {
  const content = `
    <script src="${site.apiOrigin}/cio.js"></script>
    <script>
      const analytics = cioanalytics.createAnalytics({ proxyUrl: '${site.apiOrigin}', clientKey: 'client-api-key-web' });
      analytics.track('From the frame').then((receipt) => { document.body.dataset.state = receipt.state; });
      analytics.identify('u1');
    </script>`;
  await site.page('/frame', { body: html('Frame', content) });
  await site.page('/host', { body: html('Host', '<iframe sandbox="allow-scripts" src="/frame"></iframe>') });
  await page.goto(`${site.origin}/host`);
  await expect(page.frameLocator('iframe').locator('body')).toHaveAttribute('data-state', 'memory');
  // Its origin is `null`, which no proxy allows.
  expect(await standIn.names()).toEqual([]);
});

test('the outbox is full: the oldest go first, and each is told', async ({ open, page, site, standIn }) => {
  await site.faults({ does: 'cut' });
  await open('/shop', { outbox: { maxEvents: 10 } });
  for (const names of [numbered(8, 'Old'), numbered(8, 'New')]) await track(page, names);
  await toldTimes(page, 'dropped', 6);
  expect(await stats(page)).toMatchObject({ tracked: 16, pending: 10, dropped: { 'outbox-full': 6 } });
  await site.faults();
  await page.evaluate(() => window.analytics.flush());
  const all = [...numbered(8, 'Old'), ...numbered(8, 'New')];
  await expect.poll(() => standIn.account(all)).toEqual({ delivered: 10, lost: 6, duplicated: 0 });
  expect(await standIn.account(numbered(6, 'Old'))).toEqual({ delivered: 0, lost: 6, duplicated: 0 });
});

test('events older than maxAgeMs expire, and are told', async ({ open, page, site, standIn }) => {
  await page.clock.install();
  await site.faults({ does: 'cut' });
  await open('/shop', { outbox: { maxAgeMs: 3_600_000 } });
  await track(page, ['Old']);
  await page.clock.fastForward(3_700_000);
  await track(page, ['New']);
  await site.faults();
  await page.evaluate(() => window.analytics.flush());
  await page.clock.fastForward(10_000);
  await expect.poll(() => standIn.names()).toEqual(['New']);
  await expect
    .poll(() => stats(page))
    .toMatchObject({ tracked: 2, delivered: 1, pending: 0, dropped: { expired: 1 } });
});

test("storage: 'memory' writes no database", async ({ open, page, standIn }) => {
  await open('/shop', { outbox: { storage: 'memory' } });
  expect(await track(page, ['A'])).toEqual(['memory']);
  await expect.poll(() => standIn.names()).toEqual(['A']);
  expect(await page.evaluate(() => indexedDB.databases())).toEqual([]);
});
