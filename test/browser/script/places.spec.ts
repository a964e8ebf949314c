/** cio.js without a URL of its own: it works all the same, and loads its later files from below the proxy. */
import { readFileSync } from 'node:fs';
import { expect, test } from '../../support/site/fixtures.ts';
import { ROOT } from '../../support/docs/documentation.ts';
import { page as html } from '../../support/site/site-pages.ts';

const CIO = readFileSync(`${ROOT}dist/cio.js`, 'utf8');
const OPTIONS = { proxyUrl: '/e/', clientKey: 'client-api-key-web', pageViews: 'history', debug: true };
const ATTRIBUTES =
  'data-proxy-url="/e/" data-client-key="client-api-key-web" data-page-views="history" data-debug';
const TOKEN = 'customerToken: async () => null';
const CREATE = `cioanalytics.createAnalytics({ ...${JSON.stringify(OPTIONS)}, ${TOKEN} });`;
const QUEUE = `cioanalytics = [['createAnalytics', { ${TOKEN} }]];`;

/** The content of the page, and the files that it requests. */
const PLACES: Readonly<Record<string, { body: string; files?: Readonly<Record<string, string>> }>> = {
  'in the page, with attributes': { body: `<script>${QUEUE}</script><script ${ATTRIBUTES}>${CIO}</script>` },
  'in the page, without attributes': { body: `<script>${CIO}</script><script>${CREATE}</script>` },
  'in a file with other scripts, with attributes': {
    body: `<script>${QUEUE}</script><script async src="/assets/all.js" ${ATTRIBUTES}></script>`,
    files: { '/assets/all.js': `var before = 1;\n${CIO}\n;var after = 2;` },
  },
  'in a file with other scripts, without attributes': {
    body: '<script defer src="/assets/all.js"></script>',
    files: { '/assets/all.js': `${CIO};${CREATE}` },
  },
  evaluated: {
    body: `<script>fetch('/text').then((found) => found.text()).then((code) => { (0, eval)(code); ${CREATE} });</script>`,
    files: { '/text': CIO },
  },
  'injected by a tag manager': {
    body: `<script>
      setTimeout(() => {
        const script = document.createElement('script');
        script.text = ${JSON.stringify(CIO.replaceAll('</', '<\\/'))} + ${JSON.stringify(CREATE)};
        document.body.append(script);
      });
    </script>`,
  },
};

for (const [place, { body, files = {} }] of Object.entries(PLACES)) {
  test(`${place}: with page views, debug and a customer token`, async ({ page, site, standIn }) => {
    const lines: string[] = [];
    page.on('console', (message) => lines.push(message.text()));
    await site.change({
      pages: {
        '/shop/boots': { body: html('Boots', body) },
        ...Object.fromEntries(
          Object.entries(files).map(([path, text]) => [
            path,
            { body: text, headers: { 'Content-Type': 'text/javascript; charset=utf-8' } },
          ]),
        ),
      },
    });
    await page.goto(`${site.origin}/shop/boots`);
    await page.waitForFunction(() => typeof window.cioanalytics?.stats === 'function');
    await page.evaluate(async () => {
      await window.cioanalytics.identify('u1');
      history.pushState(null, '', '/shop/tents');
      document.title = 'Tents';
    });
    const sent = async (): Promise<readonly unknown[]> =>
      (await standIn.events()).map(({ type, properties }) => [type, properties?.['title']]);
    await expect.poll(sent).toEqual([
      ['page', 'Boots'],
      ['identify', undefined],
      ['page', 'Tents'],
    ]);
    await expect.poll(() => lines.join('\n')).toContain('delivered');
    expect(await page.evaluate(() => window.cioanalytics.refreshCustomerToken())).toMatchObject({
      userId: 'u1',
    });
    const hits = await site.hits();
    for (const file of ['cio-pages.js', 'cio-trace.js', 'cio-private.js'])
      expect(hits).toContain(`GET /e/${file}`);
    expect(hits.filter((hit) => hit.startsWith('GET /shop/')).join()).toBe('GET /shop/boots');
  });
}
