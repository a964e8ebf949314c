/**
 * The public API of Customer.io's SDK, with our plugin and without: the events that arrive are equal, besides the differences that
 * `docs/guides/official-sdk.md` names.
 */
import type { AnalyticsBrowser } from '@customerio/cdp-analytics-browser';
import type { Page } from 'playwright';
import type { OfficialSetup } from '../../support/official/official-page.ts';
import { VERSIONS } from '../../support/official/build-official.ts';
import { expect, type Official, test } from '../../support/official/official-site.ts';

type Json = Readonly<Record<string, unknown>>;

/** Fields that the table of the guide names, and those that differ between two visits. */
function comparable(event: Json): Json {
  const {
    writeKey: _writeKey,
    sentAt: _sentAt,
    receivedAt: _receivedAt,
    _metadata: _bundles,
    messageId,
    timestamp,
    userId,
    context,
    ...rest
  } = event;
  const { library, campaign, ...more } = context as Json;
  expect(messageId).toMatch(/^ajs-next-/);
  expect(String(timestamp)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(library).toBeTruthy();
  return {
    ...rest,
    // Their destination sends null, and leaves an empty campaign.
    ...(userId ? { userId } : {}),
    context: { ...more, ...(Object.keys((campaign as Json) ?? {}).length ? { campaign } : {}) },
  };
}

const inOrder = (events: readonly Json[]): readonly Json[] =>
  [...events].sort(
    (one, other) => Number((one['context'] as Json)['n']) - Number((other['context'] as Json)['n']),
  );

/** Calls with a number in `context.n`: the SDK's own destination sends in any order. */
async function callAll(page: Page): Promise<readonly string[]> {
  return page.evaluate(async () => {
    const { official } = window as unknown as { official: AnalyticsBrowser };
    const heard: string[] = [];
    let n = 0;
    const numbered = (more: object = {}): object => ({ context: { n: n++ }, ...more });
    await official;
    official.on('track', (name: unknown) => heard.push(`on track ${String(name)}`));
    official.once('page', () => heard.push('once page'));
    const off = (): unknown => heard.push('off');
    official.on('identify', off);
    official.off('identify', off);
    official.on('reset', () => heard.push('on reset'));
    await official.addSourceMiddleware(({ payload, next }) => {
      if (payload.obj.event === 'Dropped by middleware') return;
      if (payload.obj.properties) payload.obj.properties['middle'] = true;
      next(payload);
    });
    await official.register({
      name: 'Enrichment',
      type: 'enrichment',
      version: '1',
      isLoaded: () => true,
      load: () => Promise.resolve(),
      track(context) {
        context.updateEvent('properties.enriched', 'yes');
        return context;
      },
    });
    await official.setAnonymousId('0b9c2f62-8c1f-4f0a-9d2e-0a1b2c3d4e5f');
    await official.track('Anonymous', { total: 12.5, list: [1, { two: 2 }], none: null }, numbered());
    await official.page('Docs', 'Start', { section: 'a' }, numbered());
    await official.page(numbered());
    // The proxy accepts an alias of an anonymous visitor. Another one needs a customer token.
    await official.alias('u1', numbered());
    await official.identify('u1', { plan: 'pro', since: '2024-02-03' }, numbered());
    await official.identify({ email: 'u1@example.com' }, numbered());
    await official.track('Known', {}, numbered({ integrations: { Mixpanel: false } }));
    await official.screen('Home', { tab: 1 }, numbered());
    await official.group('g1', { name: 'Group' }, numbered());
    await official.track('With callback', {}, numbered(), () => heard.push('callback'));
    await official.track('At a time', {}, numbered({ timestamp: new Date(1_700_000_000_000) }));
    await official.track(
      'Not for Customer.io',
      {},
      numbered({ integrations: { 'Customer.io Data Pipelines': false } }),
    );
    void official.track('Dropped by middleware', {}, numbered());
    await official.reset();
    await official.setAnonymousId('anonymous-2');
    await official.track('After reset', {}, numbered());
    const user = await official.user();
    heard.push(`user ${String(user.id())} ${String(user.anonymousId())}`);
    const [analytics] = await official;
    const link = Object.assign(document.createElement('a'), { href: '#here', textContent: 'Link' });
    document.body.append(link);
    await analytics.trackLink(link, 'Link', { label: 'Link' });
    await analytics.ready(() => heard.push('ready'));
    heard.push(analytics.VERSION);
    return heard;
  });
}

async function visit(official: Official, setup: OfficialSetup, page: Page): Promise<readonly string[]> {
  await official.open(setup, '/shop?utm_source=mail&utm_campaign=May&x=1', page);
  return callAll(page);
}

async function arrived(count: number, events: () => Promise<readonly Json[]>): Promise<readonly Json[]> {
  await expect.poll(async () => (await events()).length).toBe(count);
  return inOrder(await events()).map(comparable);
}

const EVENTS = 12;

for (const version of VERSIONS)
  test.describe(`the ${version} version`, () => {
    test.use({ version });
    for (const way of ['load', 'register'] as const)
      test(`${way}: every call makes the same event with the plugin as without`, async ({
        context,
        official,
        page,
        standIn,
      }) => {
        const heard = await visit(official, { way }, page);
        const ours = await arrived(EVENTS, async () =>
          (await standIn.events()).map((event) => Object.assign({}, event)),
        );
        expect(official.direct).toEqual([]);
        await page.evaluate(() => localStorage.clear());
        await page.close();
        await context.clearCookies();
        const other = await context.newPage();
        const heardWithout = await visit(official, { way: 'without' }, other);
        const theirs = await arrived(EVENTS, () => Promise.resolve(official.direct));
        expect(heard).toEqual(heardWithout);
        expect(ours).toEqual(theirs);
      });
  });
