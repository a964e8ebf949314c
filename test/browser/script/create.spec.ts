/** Options that fit into no attribute: `createAnalytics` before and after the script has loaded. */
import { expect, type Site, test } from '../../support/site/fixtures.ts';
import { page as html } from '../../support/site/site-pages.ts';
import { snippet } from '../../support/build/snippet.ts';
import type { StandIn } from '../../support/site/stand-in.ts';

const MORE = `{
  customerToken: async (asked) => {
    const { signal, ...body } = asked;
    return (await (await fetch('/login', { method: 'POST', body: JSON.stringify(body), signal })).json()).token;
  },
  beforeSend: (event) => ({ ...event, properties: { ...event.properties, seen: true } }),
  plugins: [{ name: 'own', type: 'enrichment', version: '1', isLoaded: () => true, load: async () => {},
    track: (context) => (context.updateEvent('properties.plugin', true), context) }],
}`;

async function members({ site, standIn }: { readonly site: Site; readonly standIn: StandIn }): Promise<void> {
  await site.change({ customers: true });
  await standIn.setPeople({ ann: { attributes: { plan: 'pro' } } });
}

test('on the stub: runs first, has the attributes of the tag as defaults, and returns the instance', async ({
  page,
  site,
  standIn,
}) => {
  await members({ site, standIn });
  const calls = `
    cioanalytics.track('Before');
    window.made = cioanalytics.createAnalytics(${MORE});
    cioanalytics.identify('ann');
    cioanalytics.track('After');`;
  await site.page('/tag', { body: html('Tag', snippet().replace('\n', `<script>${calls}</script>`)) });
  await page.goto(`${site.origin}/tag`);
  const [isGlobal, attributes] = await page.evaluate(async () => {
    const made = await (window as unknown as { made: Promise<typeof window.analytics> }).made;
    return [made === window.cioanalytics, await made.customer.attributes()];
  });
  expect(isGlobal).toBe(true);
  expect(attributes).toEqual({ plan: 'pro' });
  await expect.poll(() => standIn.names()).toEqual(['Before', 'identify', 'After']);
  const [before, , after] = await standIn.events();
  expect([before?.properties, after?.properties]).toEqual([
    { seen: true, plugin: true },
    { seen: true, plugin: true },
  ]);
  expect((await site.logins()).map(({ userId }) => userId)).toEqual(['ann']);
});

test('after a script tag without a key: the queue is replayed, and the global becomes the instance', async ({
  page,
  site,
  standIn,
}) => {
  await site.page('/tag', {
    body: html(
      'Tag',
      `${snippet().replace(/ data-(proxy-url|client-key)="[^"]*"/g, '')}<script>
      cioanalytics.track('Queued 1');
      cioanalytics.identify('u1');
      window.stub = cioanalytics;</script>`,
    ),
  });
  await page.goto(`${site.origin}/tag`);
  await page.waitForLoadState('load');
  await page.evaluate(() => void window.cioanalytics.track('Queued 2'));
  const seen = await page.evaluate(() => {
    const { cioanalytics } = window as unknown as {
      cioanalytics: { createAnalytics: typeof window.createAnalytics };
    };
    const made = cioanalytics.createAnalytics({ proxyUrl: '/e', clientKey: 'client-api-key-web' });
    void made.track('Later');
    return [made === window.cioanalytics, typeof window.cioanalytics.stats];
  });
  expect(seen).toEqual([true, 'function']);
  await expect.poll(() => standIn.names()).toEqual(['Queued 1', 'identify', 'Queued 2', 'Later']);
});

test('with wrong options, on the stub: reported, calls wait for another instance, and listeners receive the error', async ({
  page,
  site,
  standIn,
}) => {
  const lines: string[] = [];
  page.on('console', (line) => lines.push(line.text()));
  await site.page('/tag', {
    body: html(
      'Tag',
      `${snippet()}<script>
      window.made = cioanalytics.createAnalytics({ consent: 'maybe' });
      cioanalytics.createAnalytics({ consent: 'maybe' });
      cioanalytics.track('Waits');</script>`,
    ),
  });
  await page.goto(`${site.origin}/tag`);
  await page.waitForLoadState('load');
  await expect.poll(() => lines).toHaveLength(1);
  expect(lines[0]).toContain(
    '"consent" must be granted, pending, denied, or sources of which one can grant, got "maybe"',
  );
  await page.evaluate(() => {
    const { cioanalytics } = window as unknown as {
      cioanalytics: { createAnalytics(options: object): unknown };
    };
    cioanalytics.createAnalytics({});
  });
  expect(await page.evaluate(`made.then((discards) => discards.track('Discarded'))`)).toMatchObject({
    state: 'discarded',
    reason: 'invalid-options',
  });
  await expect.poll(() => standIn.names()).toEqual(['Waits']);
});
