/** The snippet in `wp_head`, with what optimizers of WordPress do with scripts. */
import { snippet } from '../../support/build/snippet.ts';
import { combine, defer, delay, minify, type Optimizer } from '../../support/page/optimizers.ts';
import { expect, test } from '../../support/site/fixtures.ts';
import { page as html } from '../../support/site/site-pages.ts';

const PAGE_VIEWS = ['--page-views', 'history'];
const LINES = snippet(...PAGE_VIEWS);
const WITHOUT_HASH = snippet(...PAGE_VIEWS, '--no-integrity');
const INLINE = snippet(...PAGE_VIEWS, '--inline');
const plain: Optimizer = (body) => Promise.resolve({ body, files: {} });

/** A plugin of the shop, which the optimizer handles too. */
const PLUGIN = `<script>addEventListener('click', function () { window.cioanalytics && cioanalytics.track('Clicked'); });</script>`;

const CASES: readonly (readonly [string, string, Optimizer])[] = [
  ['two lines, no optimizer', LINES, plain],
  ['two lines, deferred', LINES, defer],
  ['two lines, delayed until the first click', LINES, delay],
  ['two lines without hash, minified', WITHOUT_HASH, minify],
  ['--inline, no optimizer', INLINE, plain],
  ['--inline, minified', INLINE, minify],
  ['--inline, combined', INLINE, combine(false)],
  ['--inline, combined with try', INLINE, combine(true)],
  ['--inline, deferred', INLINE, defer],
  ['--inline, delayed until the first click', INLINE, delay],
  ['--inline twice, by the theme and by a plugin', INLINE + INLINE, combine(false)],
  ['--inline and the two lines', INLINE + WITHOUT_HASH, plain],
];

for (const [what, printed, optimize] of CASES) {
  test(`${what}: each event arrives once`, async ({ page, site, standIn }) => {
    const lines: string[] = [];
    page.on('console', (message) => lines.push(message.text()));
    const { body, files } = await optimize(printed + PLUGIN);
    await site.change({
      pages: {
        '/shop/boots': { body: html('Boots', `${body}<h1>Boots</h1>`) },
        ...Object.fromEntries(
          Object.entries(files).map(([path, text]) => [
            path,
            { body: text, headers: { 'Content-Type': 'text/javascript; charset=utf-8' } },
          ]),
        ),
      },
    });
    await page.goto(`${site.origin}/shop/boots`);
    await page.waitForLoadState('load');
    if (optimize === delay) {
      expect(await page.evaluate('typeof cioanalytics')).toBe('undefined');
      await page.click('h1');
    }
    await page.waitForFunction(() => typeof window.cioanalytics?.stats === 'function');
    await page.evaluate(() => {
      history.pushState(null, '', '/shop/tents');
      document.title = 'Tents';
    });
    await page.click('h1');
    const sent = async (): Promise<readonly unknown[]> =>
      (await standIn.events())
        .map(({ type, event, properties }) => String(type === 'page' ? properties?.['title'] : event))
        .sort((one, other) => one.localeCompare(other));
    await expect.poll(sent).toEqual(['Boots', 'Clicked', 'Tents']);
    expect([...(await standIn.times()).values()]).toEqual([1, 1, 1]);
    expect(await page.evaluate('__cioFirstParty.length')).toBe(1);
    // The minified file has another folder than the files that it loads later, so the browser reports one that is not there.
    expect(lines.filter((line) => !(optimize === minify && line.includes('404')))).toEqual([]);
    expect(await site.hits()).toContain('GET /e/cio-pages.js');
  });
}

test('the two lines, minified with their hash: the browser refuses the file, and says why', async ({
  page,
  site,
}) => {
  const lines: string[] = [];
  page.on('console', (message) => lines.push(message.text()));
  const { body, files } = await minify(LINES);
  await site.change({
    pages: {
      '/shop': { body: html('Shop', body) },
      ...Object.fromEntries(Object.entries(files).map(([path, text]) => [path, { body: text }])),
    },
  });
  await page.goto(`${site.origin}/shop`);
  await expect
    .poll(() => lines.join('\n'))
    .toContain("Failed to find a valid digest in the 'integrity' attribute");
  expect(await site.batches()).toEqual([]);
});

test('the two lines, combined: one line says that the options are missing', async ({ page, site }) => {
  const lines: string[] = [];
  page.on('console', (message) => lines.push(message.text()));
  const { body, files } = await combine(false)(WITHOUT_HASH);
  await site.change({
    pages: {
      '/shop': { body: html('Shop', body) },
      ...Object.fromEntries(
        Object.entries(files).map(([path, text]) => [
          path,
          { body: text, headers: { 'Content-Type': 'text/javascript' } },
        ]),
      ),
    },
  });
  await page.goto(`${site.origin}/shop`);
  await expect
    .poll(() => lines)
    .toEqual(['cio-first-party: cioanalytics waits for createAnalytics({ proxyUrl, clientKey })']);
});
