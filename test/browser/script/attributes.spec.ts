/**
 * The attributes of the tag: valid ones configure the SDK, invalid ones cause a console message and no error.
 */
import { expect, test } from '../../support/site/fixtures.ts';
import { page as html } from '../../support/site/site-pages.ts';

const tag = (attributes: string): string => `<script src="/e/cio.js" ${attributes}></script>`;

test('every attribute has its effect', async ({ page, site, standIn }) => {
  const lines: string[] = [];
  page.on('console', (message) => lines.push(message.text()));
  const attributes =
    'data-proxy-url="/e/" data-client-key="client-api-key-web" data-consent="pending" data-global="cdp" data-debug';
  await site.page('/tag', { body: html('Tag', tag(attributes)) });
  await page.goto(`${site.origin}/tag`);
  const state = await page.evaluate(async () => {
    const { cdp } = window as unknown as { cdp: typeof window.analytics };
    const receipt = await cdp.track('Named');
    cdp.consent.grant();
    return [receipt.state, 'cioanalytics' in window];
  });
  expect(state).toEqual(['held', false]);
  await expect.poll(() => standIn.names()).toEqual(['Named']);
  await expect.poll(() => lines.join('\n')).toContain('delivered');
});

test('data-debug="false" turns debugging off', async ({ page, site, standIn }) => {
  const lines: string[] = [];
  page.on('console', (message) => lines.push(message.text()));
  await site.page('/tag', {
    body: html('Tag', tag('data-proxy-url="/e" data-client-key="client-api-key-web" data-debug="false"')),
  });
  await page.goto(`${site.origin}/tag`);
  await page.evaluate(() => window.cioanalytics.track('Quiet'));
  await expect.poll(() => standIn.names()).toEqual(['Quiet']);
  expect(lines).toEqual([]);
});

for (const [attributes, message] of [
  [
    'data-proxy-url="/e" data-client-key="a:b"',
    '"clientKey" must be a text without ":", got a text of 3 characters',
  ],
  ['data-proxy-url="/e"', '"clientKey" must be a text without ":", got undefined'],
  [
    'data-client-key="client-api-key-web"',
    '"proxyUrl" must be an http(s) URL, or a path like "/e", got undefined',
  ],
  [
    'data-proxy-url="events.example.com" data-client-key="client-api-key-web"',
    '"proxyUrl" must be an http(s) URL, or a path like "/e", got "events.example.com"',
  ],
  [
    'data-proxy-url="/e" data-client-key="client-api-key-web" data-consent="maybe"',
    '"consent" must be granted, pending, denied, or sources of which one can grant, got "maybe"',
  ],
  [
    'data-proxy-url="/e" data-client-key="client-api-key-web" data-global="location"',
    'location is taken by another script: set data-global',
  ],
] as const) {
  test(`wrong, reported, and the page continues: ${attributes}`, async ({ page, site }) => {
    const lines: string[] = [];
    page.on('console', (line) => lines.push(line.text()));
    const body = html('Tag', `${tag(attributes)}<script>window.wentOn = true;</script>`);
    await site.page('/tag', { body });
    await page.goto(`${site.origin}/tag`);
    expect(await page.evaluate('wentOn')).toBe(true);
    await expect.poll(() => lines).toHaveLength(1);
    expect(lines[0]).toContain('cio-first-party:');
    expect(lines[0]).toContain(message);
    expect(page.url()).toBe(`${site.origin}/tag`);
    const explains = message.includes('taken') ? [] : ['GET /e/cio-mistakes.js'];
    expect(await site.hits()).toEqual(['GET /tag', 'GET /e/cio.js', ...explains]);
  });
}

test('an element that imitates the running script is ignored', async ({ page, site, standIn }) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  const poses = `<img name="currentScript" src="${site.apiOrigin}/theirs/x.png" data-proxy-url="${site.apiOrigin}/theirs" data-client-key="theirs">`;
  await site.page('/tag', {
    body: html('Tag', poses + tag('data-proxy-url="/e" data-client-key="client-api-key-web"')),
  });
  await page.goto(`${site.origin}/tag`);
  await page.evaluate(() => {
    const { cioanalytics } = window as unknown as { cioanalytics: Pick<typeof window, 'createAnalytics'> };
    const options = { proxyUrl: '/e', clientKey: 'client-api-key-web', debug: true };
    void cioanalytics.createAnalytics(options).track('By the page');
  });
  await expect.poll(() => standIn.names()).toEqual(['By the page']);
  expect(asked.filter((path) => path.startsWith('/theirs/'))).toEqual(['/theirs/x.png']);
});
