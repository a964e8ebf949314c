/**
 * Pages that are not loaded from their URL: frames with `srcdoc`, pages written by a script, and pages whose
 * content is swapped.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Page } from 'playwright';
import { expect, type Site, test } from '../support/site/fixtures.ts';
import { ROOT } from '../support/docs/documentation.ts';
import { nameOf, type StandIn } from '../support/site/stand-in.ts';

const TAG = '<script src="/e/cio.js" data-proxy-url="/e" data-client-key="client-api-key-web"></script>';

test('a frame with `srcdoc`: a relative path belongs to the page around it', async ({
  page,
  site,
  standIn,
}) => {
  await page.goto(`${site.origin}/blank`);
  await page.evaluate((srcdoc) => {
    document.body.append(Object.assign(document.createElement('iframe'), { srcdoc }));
  }, TAG);
  const frame = page.frames()[1] ?? page.mainFrame();
  await frame.waitForFunction(() => typeof window.cioanalytics?.stats === 'function');
  expect(await frame.evaluate(() => [location.href, document.cookie])).toEqual([
    'about:srcdoc',
    expect.anything(),
  ]);
  expect(await frame.evaluate(() => window.cioanalytics.track('In the frame'))).toMatchObject({
    state: 'stored',
  });
  await expect.poll(() => standIn.names()).toEqual(['In the frame']);
  expect((await site.batches()).map(({ url }) => url)).toEqual([`${site.origin}/e/v1/batch`]);
});

test('a window whose page a script has written', async ({ context, page, site, standIn }) => {
  await page.goto(`${site.origin}/blank`);
  const opened = context.waitForEvent('page');
  await page.evaluate(() => void Object.assign(window, { popup: window.open('about:blank') }));
  const popup = await opened;
  await page.evaluate((tag) => {
    const { popup } = window as unknown as { popup: Window };
    const script = Object.assign(popup.document.createElement('script'), {
      src: `${location.origin}/e/cio.js`,
    });
    Object.assign(script.dataset, { proxyUrl: '/e', clientKey: 'client-api-key-web' });
    popup.document.body.append(script);
    return tag;
  }, TAG);
  await popup.waitForFunction(() => typeof window.cioanalytics?.stats === 'function');
  await popup.evaluate(() => window.cioanalytics.track('In the window'));
  await expect.poll(() => standIn.names()).toEqual(['In the window']);
});

test('a page of file: a relative path is refused, and the message says why', async ({
  page,
  site,
}, testInfo) => {
  const lines: string[] = [];
  page.on('console', (message) => lines.push(message.text()));
  const file = testInfo.outputPath('page.html');
  writeFileSync(file, TAG.replace('/e/cio.js', `${site.origin}/e/cio.js`));
  await page.goto(`file://${file}`);
  await expect
    .poll(() => lines.join())
    .toContain('"proxyUrl" must be an http(s) URL on a page of file:, got "/e"');
});

/** The pages of a site whose links are followed without loading the next page. */
const shelf = (name: string, attributes: string, script: string): string =>
  `<!doctype html><html><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>${name}</title>
   <link rel="canonical" href="https://shop.example.com/${name.toLowerCase()}"><script src="${script}"></script>
   <script defer src="/e/cio.js" data-proxy-url="/e" data-client-key="client-api-key-web" data-page-views="history"></script>
   </head><body ${attributes}><h1>${name}</h1><a href="/boots">To Boots</a> <a href="/tents">To Tents</a></body></html>`;

async function visitAll(site: Site, page: Page, library: string, attributes: string): Promise<void> {
  const pages = Object.fromEntries(
    ['Start', 'Boots', 'Tents'].map((name) => [
      `/${name.toLowerCase()}`,
      { body: shelf(name, attributes, '/library.js') },
    ]),
  );
  const body = readFileSync(`${ROOT}node_modules/${library}`, 'utf8');
  await site.change({
    pages: {
      ...pages,
      '/library.js': { body, headers: { 'Content-Type': 'text/javascript; charset=utf-8' } },
    },
  });
  await page.goto(`${site.origin}/start`);
  await page.waitForFunction(() => typeof window.cioanalytics?.stats === 'function');
  await page.evaluate(() => Object.assign(window, { isFirst: true }));
  for (const name of ['Boots', 'Tents']) {
    await page.getByRole('link', { name }).click();
    await expect(page.getByRole('heading')).toHaveText(name);
    await page.evaluate((event) => window.cioanalytics.track(event), `On ${name}`);
  }
  await page.goBack();
  await expect(page.getByRole('heading')).toHaveText('Boots');
  await page.evaluate(() => window.cioanalytics.alias('somebody'));
  expect(await page.evaluate(() => 'isFirst' in window)).toBe(true);
}

const seen = async (standIn: StandIn): Promise<readonly string[]> =>
  (await standIn.events())
    .map((event) => `${nameOf(event)} ${event.context.page['title']} ${event.context.page['path']}`)
    .sort();

for (const [name, library, attributes] of [
  ['Turbo', '@hotwired/turbo/dist/turbo.es2017-umd.js', ''],
  ['htmx 4 with boost', 'htmx.org/dist/htmx.js', 'hx-boost:inherited="true"'],
  ['htmx 2 with boost', 'htmx-v2/dist/htmx.js', 'hx-boost="true"'],
] as const)
  test(`${name}: each page is one view, with its own title and path`, async ({ page, site, standIn }) => {
    await visitAll(site, page, library, attributes);
    await expect
      .poll(() => seen(standIn))
      .toEqual([
        'On Boots Boots /boots',
        'On Tents Tents /tents',
        'alias Boots /boots',
        'page Boots /boots',
        'page Boots /boots',
        'page Start /start',
        'page Tents /tents',
      ]);
    await expect
      .poll(() => page.evaluate(() => window.cioanalytics.stats()))
      .toMatchObject({ tracked: 7, pending: 0 });
  });
