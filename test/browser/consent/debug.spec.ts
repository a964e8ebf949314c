/** The option `debug` and consent: nothing is requested before the grant, and nothing that happened before it is lost. */
import type { Page } from 'playwright';
import { takeAccesses, watchAccesses } from '../../support/page/accesses.ts';
import { expect, type Site, stats, test } from '../../support/site/fixtures.ts';
import { page as pageOf } from '../../support/site/site-pages.ts';

const TRACE_FILE = '/dist/cio-trace.js';

interface Line {
  readonly type: string;
  readonly text: string;
}

/** A shop with `debug: true` and consent that is pending. Returns the requests and the visible lines of the console. */
async function openShop(
  page: Page,
  site: Site,
): Promise<{ readonly requests: string[]; readonly lines: Line[] }> {
  const requests: string[] = [];
  const lines: Line[] = [];
  page.on('request', (request) => requests.push(new URL(request.url()).pathname));
  page.on('console', (message) => {
    const text = message.text();
    if (text.startsWith('cio-first-party')) lines.push({ type: message.type(), text });
  });
  const script = `
    import { createAnalytics } from '/dist/index.js';
    window.analytics = createAnalytics({
      proxyUrl: '/e', clientKey: 'client-api-key-web', consent: 'pending', debug: true });`;
  await site.page('/shop', { body: pageOf('Shop', `<script type="module">${script}</script>`) });
  await watchAccesses(page);
  await page.goto(`${site.origin}/shop`);
  await page.waitForFunction('window.analytics');
  return { requests, lines };
}

test('debug before the grant: no request, no file and no line; then the lines from before, in order', async ({
  page,
  site,
  standIn,
}) => {
  const { requests, lines } = await openShop(page, site);
  const states = await page.evaluate(`Promise.all([
    analytics.identify('person-1', { email: 'ann@example.com' }),
    analytics.track('First', { total: 'a-payload' }),
    analytics.page('Docs'),
    analytics.track('Second'),
  ].map((each) => each.then(({ state }) => state)))`);
  expect(states).toEqual(['held', 'held', 'held', 'held']);
  // Longer than the time after which a lazy file would be requested.
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1_000)));
  expect(requests.sort()).toEqual(['/dist/index.js', '/shop']);
  expect(lines).toEqual([]);
  expect(await takeAccesses(page)).toEqual([]);

  await page.evaluate('analytics.consent.grant()');
  await page.evaluate("analytics.track('Third')");
  await expect.poll(() => standIn.names()).toEqual(['identify', 'First', 'Docs', 'Second', 'Third']);
  await expect.poll(() => stats(page)).toMatchObject({ pending: 0 });
  await expect.poll(() => lines.some(({ text }) => text.includes('delivered: '))).toBe(true);
  expect(requests.filter((path) => path === TRACE_FILE)).toHaveLength(1);
  const told = lines.map(({ text }) => text.replace('cio-first-party ', ''));
  expect(told.filter((text) => text.startsWith('called: '))).toEqual([
    'called: identify on /shop',
    'called: track "First" on /shop',
    'called: page "Docs" on /shop',
    'called: track "Second" on /shop',
    'called: track "Third" on /shop',
  ]);
  // The calls from before the grant come before the grant, and the grant before what it has caused.
  const at = (start: string): number => told.findIndex((text) => text.startsWith(start));
  expect(at('called: track "Second"')).toBeLessThan(at('consent: granted'));
  expect(at('consent: granted')).toBeLessThan(at('stored: '));
  expect(at('stored: ')).toBeLessThan(at('delivered: '));
  expect(new Set(lines.map(({ type }) => type))).toEqual(new Set(['startGroupCollapsed', 'log']));
  expect(told.join('\n')).not.toMatch(/person-1|ann@example|a-payload|undefined/);
});

test('debug and a denial: no file is requested, and no line is printed', async ({ page, site, standIn }) => {
  const { requests, lines } = await openShop(page, site);
  await page.evaluate("analytics.track('First')");
  await page.evaluate('analytics.consent.deny()');
  expect(await page.evaluate("analytics.track('After').then(({ state }) => state)")).toBe('discarded');
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1_000)));
  expect(requests).not.toContain(TRACE_FILE);
  expect(lines).toEqual([]);
  expect(await standIn.names()).toEqual([]);
});
