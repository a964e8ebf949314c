/** localStorage and cookies throw, are missing or are full: the page is unharmed, and nothing is lost or sent twice. */
import { expect, stats, test, told } from '../../support/site/fixtures.ts';
import { breakIndexedDb } from '../../support/page/indexeddb-faults.ts';
import { addsUp } from '../../support/page/in-page.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { flush, once, track, trackAll } from './setup.ts';

interface Refusal {
  /** Runs in the page before anything else. */
  readonly refuse: () => void;
  /** Whether the next page knows the visitor again. */
  readonly remembers: boolean;
}

const REFUSALS: Readonly<Record<string, Refusal>> = {
  'localStorage, sessionStorage and cookies throw when they are asked for': {
    remembers: false,
    refuse: () => {
      const deny = (): never => {
        throw new DOMException('denied', 'SecurityError');
      };
      for (const name of ['localStorage', 'sessionStorage'])
        Object.defineProperty(window, name, { get: deny });
      Object.defineProperty(Document.prototype, 'cookie', { get: deny, set: deny });
    },
  },
  'localStorage is null, and cookies are ignored': {
    remembers: false,
    refuse: () => {
      Object.defineProperty(window, 'localStorage', { value: null });
      Object.defineProperty(Document.prototype, 'cookie', { get: () => '', set() {} });
    },
  },
  'every method of localStorage throws': {
    remembers: true,
    refuse: () => {
      for (const name of ['getItem', 'setItem', 'removeItem', 'clear', 'key'] as const)
        Storage.prototype[name] = () => {
          throw new DOMException('broken', 'InvalidStateError');
        };
    },
  },
  'localStorage is full': {
    remembers: true,
    refuse: () => {
      Storage.prototype.setItem = () => {
        throw new DOMException('full', 'QuotaExceededError');
      };
    },
  },
  'cookies throw': {
    remembers: true,
    refuse: () => {
      const deny = (): never => {
        throw new DOMException('denied', 'SecurityError');
      };
      Object.defineProperty(Document.prototype, 'cookie', { get: deny, set: deny });
    },
  },
};

for (const [name, { refuse, remembers }] of Object.entries(REFUSALS)) {
  test.describe(name, () => {
    test('one visitor for as long as the page lives, 11 of 11 delivered once', async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await page.addInitScript(refuse);
      await site.faults({ does: 'cut' });
      await open();
      expect(await track(page, numbered(5, 'Before'))).toEqual(numbered(5).map(() => 'stored'));
      await page.evaluate(() => window.analytics.identify('u1', { plan: 'pro' }));
      expect(await track(page, numbered(5, 'After'))).toEqual(numbered(5).map(() => 'stored'));
      expect(await stats(page)).toMatchObject({ tracked: 11, delivered: 0, pending: 11 });
      await site.faults();
      await flush(page);
      const all = [...numbered(5, 'Before'), 'identify', ...numbered(5, 'After')];
      await expect.poll(() => standIn.names()).toEqual(all);
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 11, delivered: 11, pending: 0 });
      expect(addsUp(await stats(page))).toBe(true);
      const events = await standIn.events();
      expect(new Set(events.map(({ anonymousId }) => anonymousId)).size).toBe(1);
      expect(events.map(({ userId }) => userId)).toEqual(all.map((_, i) => (i < 5 ? undefined : 'u1')));
      expect(await told(page, 'error')).toEqual([]);
    });

    test(`what waits survives the page, 2 of 2 delivered once, ${remembers ? 'of one visitor' : 'of two visitors'}`, async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await page.addInitScript(refuse);
      await site.faults({ does: 'cut' });
      await open();
      await track(page, ['First page']);
      await page.reload();
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 1, pending: 1 });
      await site.faults();
      await track(page, ['Second page']);
      await flush(page);
      await expect.poll(() => standIn.account(['First page', 'Second page'])).toEqual(once(2));
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 2, delivered: 2, pending: 0 });
      const events = await standIn.events();
      expect(new Set(events.map(({ anonymousId }) => anonymousId)).size).toBe(remembers ? 1 : 2);
    });

    test('the page leaves before anything is stored: 5 of 5 delivered once, beyond its end', async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await page.addInitScript(refuse);
      await breakIndexedDb(page, { on: 'open', how: 'hang' });
      await open();
      await trackAll(page, numbered(5));
      await page.goto(`${site.origin}/blank`);
      await expect.poll(() => standIn.account(numbered(5))).toEqual(once(5));
    });
  });
}
