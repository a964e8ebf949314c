/** In a real browser, the proxy prolongs an existing cookie with the anonymous id, and never creates one. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { BrowserContext, Cookie } from 'playwright';
import { expect, test as base } from 'playwright/test';
import type * as Proxy from '../../src/proxy.ts';
import { createPipelines } from '../../demo/pipelines/pipelines.ts';
import { page as pageOf, tagPage } from '../support/site/site-pages.ts';

const DIST = new URL('../../dist/', import.meta.url);
const NAME = 'ajs_anonymous_id';
const DAY_SECONDS = 86_400;

/** A site whose pages load the script from its own proxy: `/tag` with consent, `/pending` without, `/script` alone. */
const test = base.extend<{ origin: string; statuses: number[] }>({
  /** The statuses of the proxy's responses to file requests. */
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that are needed from it
  statuses: async ({}, use) => use([]),

  origin: async ({ statuses }, use) => {
    const { createProxy } = (await import(new URL('proxy.js', DIST).href)) as typeof Proxy;
    const standIn = createServer(createPipelines({ writeKey: 'write-key' }).listener).listen(0, '127.0.0.1');
    await once(standIn, 'listening');
    const proxy = createProxy({
      writeKey: 'write-key',
      clientKeys: ['client-api-key-web'],
      upstreamUrl: `http://127.0.0.1:${(standIn.address() as AddressInfo).port}`,
      basePath: '/e',
      files: (name) => readFile(new URL(name, DIST)).catch(() => null),
      anonymousIdCookie: { domain: '', maxAgeDays: 300 },
      onLog: ({ path, status }) => path.endsWith('.js') && statuses.push(status),
    });
    const pages: Readonly<Record<string, string>> = {
      '/tag': tagPage().body,
      '/pending': tagPage('data-consent="pending"').body,
      '/script': pageOf('Script', '<script src="/e/cio.js"></script>'),
    };
    const site = createServer((request, response) => {
      const found = pages[request.url ?? ''];
      if (found === undefined) return proxy.node(request, response);
      return response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(found);
    }).listen(0, '127.0.0.1');
    await once(site, 'listening');
    await use(`http://localhost:${(site.address() as AddressInfo).port}`);
    for (const server of [site, standIn]) {
      server.closeAllConnections();
      server.close();
    }
  },
});

const cookies = async (context: BrowserContext): Promise<readonly Cookie[]> =>
  (await context.cookies()).filter(({ name }) => name === NAME);

/** The number of days until the cookie expires. */
const daysOf = ({ expires }: Cookie): number => Math.round((expires - Date.now() / 1_000) / DAY_SECONDS);

/** Adds the cookie as a browser stores it that limits script cookies to seven days. */
const lasting7Days = (cookie: Pick<Cookie, 'name' | 'value'> & ({ url: string } | Cookie)) => ({
  ...cookie,
  expires: Date.now() / 1_000 + 7 * DAY_SECONDS,
});

test('the script request prolongs the cookie, also if the script is in the browser cache', async ({
  context,
  origin,
  page,
  statuses,
}) => {
  await context.addCookies([lasting7Days({ name: NAME, value: 'visitor-1', url: origin })]);
  await page.goto(`${origin}/script`);
  expect(await cookies(context)).toMatchObject([{ value: 'visitor-1', sameSite: 'Lax', httpOnly: false }]);
  expect((await cookies(context)).map(daysOf)).toEqual([300]);

  await context.addCookies((await cookies(context)).map(lasting7Days));
  await page.evaluate(() => fetch('/e/cio.js', { cache: 'no-cache' }));
  expect(statuses).toEqual([200, 304]);
  expect((await cookies(context)).map(daysOf)).toEqual([300]);
  expect(await page.evaluate(() => document.cookie)).toBe(`${NAME}=visitor-1`);
});

test('the cookie of the server is the last one written when the page requests the script again after the SDK has started', async ({
  context,
  origin,
  page,
}) => {
  await page.goto(`${origin}/tag`);
  const { state } = await page.evaluate(() => window.cioanalytics.track('First'));
  expect(state).toBe('stored');
  const [first] = await cookies(context);
  if (!first) throw new Error('The SDK has made no cookie.');
  expect(daysOf(first)).toBe(365);

  await page.evaluate(async () => {
    await window.cioanalytics.ready();
    await fetch('/e/cio.js', { cache: 'no-cache' });
  });
  const prolonged = await cookies(context);
  expect(prolonged.map(daysOf)).toEqual([300]);
  expect(prolonged[0]?.value).toBe(first.value);
  expect(prolonged[0]?.domain).toBe(first.domain);
});

test('before consent there is no cookie, and after withdrawal none is written again', async ({
  context,
  origin,
  page,
}) => {
  await page.goto(`${origin}/pending`);
  await page.waitForFunction(() => 'consent' in window.cioanalytics);
  expect(await context.cookies()).toEqual([]);

  await page.evaluate(() => window.cioanalytics.consent.grant());
  await page.evaluate(() => window.cioanalytics.track('Allowed'));
  expect(await cookies(context)).toHaveLength(1);
  await page.goto(`${origin}/script`);
  expect(await cookies(context)).toHaveLength(1);

  await page.goto(`${origin}/tag`);
  await page.evaluate(() => window.cioanalytics.track('Allowed'));
  await page.evaluate(() => window.cioanalytics.consent.deny());
  await expect.poll(() => context.cookies()).toEqual([]);
  for (const path of ['/script', '/pending', '/script']) {
    await page.goto(origin + path);
    expect(await context.cookies()).toEqual([]);
  }
});
