/** Pages of the users of Segment and RudderStack: both snippets side by side, and ours in the place of theirs. */
import { snippet } from '../../support/build/snippet.ts';
import { blocksOf, runPrinted } from '../../support/docs/page-blocks.ts';
import { otherScript, otherSnippet } from '../../support/page/other-sdks.ts';
import { expect, type Site, test } from '../../support/site/fixtures.ts';
import { page as html } from '../../support/site/site-pages.ts';

const THEIRS = [
  { name: 'Segment', global: 'analytics', guide: 'docs/migrate/from-segment.md' },
  { name: 'RudderStack', global: 'rudderanalytics', guide: 'docs/migrate/from-rudderstack.md' },
] as const;

const SRC = '/theirs/sdk.min.js';
const serve = (site: Site, global: string, body: string): Promise<unknown> =>
  site.change({
    pages: {
      '/shop': { body: html('Shop', body) },
      [SRC]: { body: otherScript(global), headers: { 'Content-Type': 'text/javascript' } },
    },
  });

/** The calls of a site, in each of the forms that their snippets have. */
const calls = (global: string): string => `<script>
  ${global}.track('Order Placed', { total: 12.5 });
  ${global}.identify('u1', { plan: 'pro' });
  ${global}.push(['track', 'Pushed', { n: 1 }]);
  ${global}.ready(function () { window.isReady = true; });
  ${global}.page('Shop', 'Cart', { n: 2 });
</script>`;

for (const { name, global, guide } of THEIRS) {
  const snippetOfTheirs = otherSnippet(
    global,
    SRC,
    `queue.load('write-key', 'https://data.example'); queue.page();`,
  );

  for (const [order, body] of [
    ['theirs first', snippetOfTheirs + snippet('--no-integrity')],
    ['ours first', snippet('--no-integrity') + snippetOfTheirs],
  ] as const) {
    test(`${name}: side by side, ${order}: each gets its own calls, once`, async ({
      page,
      site,
      standIn,
    }) => {
      const lines: string[] = [];
      page.on('console', (message) => lines.push(message.text()));
      await serve(site, global, `${body}${calls('cioanalytics')}<script>${global}.track('Theirs');</script>`);
      await page.goto(`${site.origin}/shop`);
      await expect.poll(() => standIn.names()).toEqual(['Order Placed', 'identify', 'Pushed', 'Cart']);
      expect([...(await standIn.times()).values()]).toEqual([1, 1, 1, 1]);
      await expect
        .poll(() => page.evaluate('window.theirs'))
        .toEqual([
          ['load', 'write-key'],
          ['page', undefined],
          ['track', 'Theirs'],
        ]);
      expect(lines).toEqual([]);
    });
  }

  test(`${name}: the command of the guide in the place of their snippet: the calls stay, and arrive once`, async ({
    page,
    site,
    standIn,
  }) => {
    const line = blocksOf(guide, 'sh').find((each) => each.includes('--global'));
    const printed = runPrinted(line, { web: 'client-api-key-web' });
    await serve(site, global, printed + calls(global));
    await page.goto(`${site.origin}/shop`);
    await expect
      .poll(async () => [...(await standIn.names())].sort())
      .toEqual(['page', 'Order Placed', 'identify', 'Pushed', 'Cart'].sort());
    expect([...(await standIn.times()).values()]).toEqual([1, 1, 1, 1, 1]);
    const sent = await standIn.events();
    expect(sent.find(({ event }) => event === 'Pushed')?.properties).toEqual({ n: 1 });
    expect(sent.find((each) => each['name'] === 'Cart')?.properties).toMatchObject({ n: 2 });
    expect(await page.evaluate('isReady')).toBe(true);
  });

  test(`${name}: their SDK still has the global of ours: one line says so`, async ({ page, site }) => {
    const lines: string[] = [];
    page.on('console', (message) => lines.push(message.text()));
    await serve(
      site,
      global,
      `<script>window.${global} = [];</script><script src="${SRC}"></script>${snippet('--global', global)}`,
    );
    await page.goto(`${site.origin}/shop`);
    await expect
      .poll(() => lines)
      .toEqual([`cio-first-party: ${global} is taken by another script: set data-global`]);
  });
}

test('RudderStack: the script of the guide hands the anonymous id over, for this page and later ones', async ({
  page,
  site,
  standIn,
}) => {
  const [handOver = ''] = blocksOf('docs/migrate/from-rudderstack.md', 'html');
  const theirs = otherSnippet('rudderanalytics', SRC);
  await serve(site, 'rudderanalytics', theirs + snippet('--no-integrity') + handOver);
  await page.goto(`${site.origin}/shop`);
  await page.waitForFunction(() => window.cioanalytics?.user?.().anonymousId() === 'their-anonymous-id');
  await site.page('/next', {
    body: html('Next', `${snippet('--no-integrity')}<script>cioanalytics.track('Later');</script>`),
  });
  await page.goto(`${site.origin}/next`);
  await expect
    .poll(async () => (await standIn.events()).map(({ anonymousId }) => anonymousId))
    .toEqual(['their-anonymous-id']);
});

test("Segment: the anonymous id of its cookie is the SDK's", async ({ context, page, site, standIn }) => {
  await context.addCookies([{ name: 'ajs_anonymous_id', value: 'segment-id', url: site.origin }]);
  await serve(site, 'analytics', `${snippet('--no-integrity')}<script>cioanalytics.track('Same');</script>`);
  await page.goto(`${site.origin}/shop`);
  await expect
    .poll(async () => (await standIn.events()).map(({ anonymousId }) => anonymousId))
    .toEqual(['segment-id']);
});
