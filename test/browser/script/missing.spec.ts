/** The script does not load: the page continues, and the stub's queue is limited. */
import { expect, test } from '../../support/site/fixtures.ts';
import { page as html } from '../../support/site/site-pages.ts';
import { snippet } from '../../support/build/snippet.ts';

const KEPT = 1_000;
const wrong = snippet().replace(/sha384-.{8}/, 'sha384-AAAAAAAA');

for (const [how, printed] of [
  ['is not there (404)', snippet('--src', '/nowhere/cio.js')],
  ['is blocked', snippet('--src', '/blocked/cio.js')],
  ['is not what its hash says', wrong],
] as const) {
  test(`${how}: the page continues, and the first and the newest calls are kept`, async ({ page, site }) => {
    await page.route('**/blocked/**', (route) => route.abort('blockedbyclient'));
    await site.page('/tag', { body: html('Tag', `${printed}<h1>Shop</h1>`) });
    await page.goto(`${site.origin}/tag`);
    await page.waitForLoadState('load');
    const seen = await page.evaluate(async (count) => {
      const { cioanalytics } = window;
      const settled: string[] = [];
      void cioanalytics.identify('u1');
      for (let i = 0; i < count; i++)
        void cioanalytics.track(`Event ${i}`).finally(() => settled.push('settled'));
      cioanalytics.consent.grant();
      void cioanalytics.inbox.messages();
      await new Promise((resolve) => setTimeout(resolve));
      const queue = cioanalytics as unknown as readonly (readonly string[])[];
      return [
        queue.length,
        queue.slice(0, 3).map((call) => call[1]),
        queue.slice(-3).map(([name, first]) => first ?? name),
        settled,
      ];
    }, 3 * KEPT);
    expect(seen).toEqual([
      KEPT,
      ['u1', 'Event 2003', 'Event 2004'],
      ['Event 2999', 'consent.grant', 'inbox.messages'],
      [],
    ]);
    expect(await site.batches()).toEqual([]);
    expect(await page.context().cookies()).toEqual([]);
  });
}

test('is loaded later by the page: the kept calls are delivered', async ({ page, site, standIn }) => {
  await site.page('/tag', { body: html('Tag', `${wrong}<script>cioanalytics.track('Kept');</script>`) });
  await page.goto(`${site.origin}/tag`);
  await page.waitForLoadState('load');
  await page.evaluate(() => {
    const script = Object.assign(document.createElement('script'), { src: '/e/cio.js' });
    Object.assign(script.dataset, { proxyUrl: '/e', clientKey: 'client-api-key-web' });
    document.head.append(script);
  });
  await expect.poll(() => standIn.names()).toEqual(['Kept']);
});
