/** Browsers that refuse one thing after the other, up to everything at once. */
import { expect } from '../../support/site/fixtures.ts';
import { page as html } from '../../support/site/site-pages.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { type Row, test } from './broken-page.ts';
import { CUT, deliver, track } from './setup.ts';

const ROWS: readonly Row[] = [
  {
    name: 'storage of every kind, Web Locks, BroadcastChannel and compression: 10 of 10 delivered once',
    refuses: () => {
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
    },
    proxy: CUT,
    async does({ page, site }) {
      await track(page, numbered(10), 'memory');
      await deliver({ page, site });
    },
    account: { arrived: numbered(10), told: 1 },
  },
  {
    name: 'Web Locks reject: 3 of 3 delivered once',
    refuses: () => {
      LockManager.prototype.request = () => Promise.reject(new DOMException('denied', 'SecurityError'));
    },
    does: ({ page }) => track(page, numbered(3), 'stored'),
    account: { arrived: numbered(3) },
  },
  {
    name: 'Web Locks throw: 3 of 3 delivered once',
    refuses: () => {
      LockManager.prototype.request = () => {
        throw new DOMException('denied', 'SecurityError');
      };
    },
    does: ({ page }) => track(page, numbered(3), 'stored'),
    account: { arrived: numbered(3) },
  },
];

for (const row of ROWS) test(row.name, ({ brokenPage }) => brokenPage(row));

test('a sandboxed frame, which has no origin: neither the frame nor its page is harmed', async ({
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
  // The origin of the frame is `null`, which no proxy allows: both events are kept.
  const frame = page.frames()[1];
  await expect
    .poll(() => frame?.evaluate(() => window.analytics.stats()))
    .toMatchObject({ tracked: 2, delivered: 0, pending: 2 });
  expect(await standIn.names()).toEqual([]);
});
