/** Browsers that refuse one thing after the other, up to everything at once. */
import { expect, stats, test } from '../../support/site/fixtures.ts';
import { addsUp } from '../../support/page/in-page.ts';
import { page as html } from '../../support/site/site-pages.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { flush, once, storageErrors, track } from './setup.ts';

test('storage of every kind, Web Locks, BroadcastChannel and compression: 10 of 10 delivered once', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await page.addInitScript(() => {
    const deny = (): never => {
      throw new DOMException('denied', 'SecurityError');
    };
    const reject = (): Promise<never> => Promise.reject(new DOMException('denied', 'SecurityError'));
    for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
      Object.defineProperty(window, name, { get: deny });
    Object.defineProperty(Document.prototype, 'cookie', { get: deny, set: deny });
    Object.defineProperty(navigator, 'locks', { value: { request: reject, query: reject } });
    Object.defineProperty(window, 'BroadcastChannel', {
      value: function refused() {
        deny();
      },
    });
    Object.defineProperty(window, 'CompressionStream', { value: undefined });
  });
  await site.faults({ does: 'cut' });
  await open();
  expect(await track(page, numbered(10))).toEqual(numbered(10).map(() => 'memory'));
  await site.faults();
  await flush(page);
  await expect.poll(() => standIn.account(numbered(10))).toEqual(once(10));
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 10, pending: 0 });
  expect(addsUp(await stats(page))).toBe(true);
  expect(await storageErrors(page)).toBe(1);
});

for (const [name, refuse] of [
  [
    'reject',
    () => {
      LockManager.prototype.request = () => Promise.reject(new DOMException('denied', 'SecurityError'));
    },
  ],
  [
    'throw',
    () => {
      LockManager.prototype.request = () => {
        throw new DOMException('denied', 'SecurityError');
      };
    },
  ],
] as const) {
  test(`Web Locks ${name}: 3 of 3 delivered once`, async ({ open, page, standIn }) => {
    await page.addInitScript(refuse);
    await open();
    expect(await track(page, numbered(3))).toEqual(numbered(3).map(() => 'stored'));
    await expect.poll(() => standIn.account(numbered(3))).toEqual(once(3));
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 3, delivered: 3, pending: 0 });
  });
}

test('a sandboxed frame, which has no origin: neither it nor its page is harmed', async ({
  page,
  site,
  standIn,
}) => {
  const content = `
    <script src="${site.apiOrigin}/cio.js"></script>
    <script>
      window.analytics = cioanalytics.createAnalytics({ proxyUrl: '${site.apiOrigin}', clientKey: 'client-api-key-web' });
      analytics.track('From the frame').then((receipt) => { document.body.dataset.state = receipt.state; });
      analytics.identify('u1');
    </script>`;
  await site.page('/frame', { body: html('Frame', content) });
  await site.page('/host', { body: html('Host', '<iframe sandbox="allow-scripts" src="/frame"></iframe>') });
  await page.goto(`${site.origin}/host`);
  await expect(page.frameLocator('iframe').locator('body')).toHaveAttribute('data-state', 'memory');
  // Its origin is `null`, which no proxy allows: both are kept.
  const frame = page.frames()[1];
  await expect
    .poll(() => frame?.evaluate(() => window.analytics.stats()))
    .toMatchObject({ tracked: 2, delivered: 0, pending: 2 });
  expect(await standIn.names()).toEqual([]);
});
