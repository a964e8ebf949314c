/** Sites of Customer.io's SDK, rewritten by `cio-first-party migrate`, run in a browser, and their events arrive. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildApp } from '../support/build/bundle.ts';
import { expect, test as base } from '../support/site/fixtures.ts';
import { nameOf } from '../support/site/stand-in.ts';
import { classic, current, older } from '../support/site/vendor-snippets.ts';

/** The calls at the end of the current snippet. */
const CALLS = `analytics.load("a053c1fb3be3d0bfad4d");analytics.page();analytics.identify('u1');analytics.track('Shop seen');`;

const CLI = path.resolve('dist/cli.js');

/** `migrate`: writes files into a folder, runs the command on it, and returns the folder. */
const test = base.extend<{ readonly migrate: (files: Readonly<Record<string, string>>) => string }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that are needed from it
  migrate: async ({}, use) => {
    const folder = mkdtempSync(`${tmpdir()}/cio-migrated-`);
    await use((files) => {
      for (const [file, text] of Object.entries(files)) {
        mkdirSync(path.dirname(`${folder}/${file}`), { recursive: true });
        writeFileSync(`${folder}/${file}`, text);
      }
      execFileSync(process.execPath, [CLI, 'migrate', folder, '--write']);
      return folder;
    });
    rmSync(folder, { recursive: true, force: true });
  },
});

let hosts: Set<string>;
test.beforeEach(({ page }) => {
  hosts = new Set();
  page.on('request', (request) => void hosts.add(new URL(request.url()).hostname));
});
// A migrated site asks nobody but its own origin.
test.afterEach(({ site }) => expect([...hosts]).toEqual([new URL(site.origin).hostname]));

test('an app with the npm package', async ({ page, site, standIn, migrate }) => {
  const SDK = '@customerio/cdp-analytics-browser';
  const folder = migrate({
    'package.json': `{ "type": "module", "dependencies": { "${SDK}": "0.5.11" } }`,
    'index.html': `<!doctype html><link rel="icon" href="data:,"><title>Shop</title>
<button>Buy</button><script type="module" src="/src/main.ts"></script>`,
    'src/analytics.ts': `import { AnalyticsBrowser, type Analytics } from '${SDK}';

const writeKey = 'a053c1fb3be3d0bfad4d';

export const analytics = AnalyticsBrowser.load(
  { writeKey, cdnURL: 'https://cdp.customer.io' },
  {
    initialPageview: true,
    integrations: { 'Customer.io Data Pipelines': { apiHost: 'cdp.customer.io/v1' } },
  },
);
export const start = async (): Promise<Analytics> => {
  const [ready] = await analytics;
  return ready;
};
`,
    'src/main.ts': `import { analytics, start } from './analytics';

analytics.identify('u1', { plan: 'pro' });
analytics.then(([ready]) => ready.track('Loaded'));
document.querySelector('button')?.addEventListener('click', async () => {
  const ready = await start();
  await ready.track('Order Placed', { total: 12.5 });
});
`,
  });
  expect(readFileSync(`${folder}/src/analytics.ts`, 'utf8'))
    .toBe(`import { createAnalytics, type Analytics } from 'cio-first-party';

export const analytics = createAnalytics({
  proxyUrl: '/e',
  clientKey: 'client-api-key-web',
  pageViews: 'load',
});
export const start = async (): Promise<Analytics> => {
  const ready = analytics;
  return ready;
};
`);
  await buildApp(folder, `${folder}/built`);
  await site.change({ folder: `${folder}/built` });
  await page.goto(`${site.origin}/app/`);
  await page.getByRole('button').click();
  await expect
    .poll(async () =>
      (await standIn.events()).map(({ type, userId, ...event }) => [type, event.event, userId]),
    )
    .toEqual([
      ['page', undefined, undefined],
      ['identify', undefined, 'u1'],
      ['track', 'Loaded', 'u1'],
      ['track', 'Order Placed', 'u1'],
    ]);
});

for (const [name, file, code] of [
  ['the current snippet in a page', 'index.html', `<script>${current(CALLS)}</script>`],
  ['the older form of the current snippet', 'index.html', `<script>${older(CALLS)}</script>`],
  ['the current snippet in a file of its own', 'snippet.js', current(CALLS)],
  ['the older form in a file of its own', 'snippet.js', older(CALLS)],
] as const)
  test(name, async ({ page, site, standIn, migrate }) => {
    const migrated = readFileSync(`${migrate({ [file]: code })}/${file}`, 'utf8');
    const script = file.endsWith('.js') ? `<script>${migrated}</script>` : migrated;
    const body = `<!doctype html><link rel="icon" href="data:,"><title>Shop</title>${script}<h1>Shop</h1>`;
    await site.page('/shop', { body });
    await page.goto(`${site.origin}/shop`);
    await expect
      .poll(async () => (await standIn.events()).map((event) => [event.type, nameOf(event), event.userId]))
      .toEqual([
        ['page', 'page', undefined],
        ['identify', 'identify', 'u1'],
        ['track', 'Shop seen', 'u1'],
      ]);
  });

for (const file of ['index.html', 'snippet.js'])
  test(`the classic snippet in ${file} makes its page view`, async ({ page, site, standIn, migrate }) => {
    const code = file.endsWith('.js') ? classic() : `<script>\n${classic()}</script>`;
    const migrated = readFileSync(`${migrate({ [file]: code })}/${file}`, 'utf8');
    const script = file.endsWith('.js') ? `<script>${migrated}</script>` : migrated;
    await site.page('/shop', {
      body: `<!doctype html><link rel="icon" href="data:,"><title>Shop</title>${script}<h1>Shop</h1>`,
    });
    await page.goto(`${site.origin}/shop`);
    await expect
      .poll(async () => (await standIn.events()).map(({ type, context }) => [type, context.page['path']]))
      .toEqual([['page', '/shop']]);
  });
