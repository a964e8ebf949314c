/** What the plugin replaces in Customer.io's SDK, and what goes on. */
import { expectStats, once } from '../../support/site/arrival.ts';
import { MODULE_PAGE } from '../../support/site/site-pages.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { untilSomebodyLeads } from '../../support/browser/tabs.ts';
import type { OfficialPage } from '../../support/official/official-page.ts';
import { VERSIONS } from '../../support/official/build-official.ts';
import { expect, pluginStats, test, told, track } from '../../support/official/official-site.ts';

for (const version of VERSIONS)
  test.describe(`the ${version} version`, () => {
    test.use({ version });

    test('events that the SDK alone could not send arrive through the proxy, once', async ({
      official,
      page,
      standIn,
    }) => {
      official.failDirect();
      await official.open({ way: 'without' });
      await track(page, numbered(5));
      await expect.poll(() => official.direct.length).toBeGreaterThanOrEqual(5);
      const before = official.direct.length;
      // The SDK puts what it has not sent into localStorage, and the next page sends that without any call.
      await official.open({ way: 'load' });
      await expect.poll(() => standIn.account(numbered(5)), { timeout: 20_000 }).toEqual(once(5));
      expect(official.direct.length).toBe(before);
      await expect.poll(() => pluginStats(page)).toMatchObject({ tracked: 5, delivered: 5, pending: 0 });
    });

    test('a call before the SDK has loaded is delivered by the plugin', async ({
      official,
      page,
      site,
      standIn,
    }) => {
      await official.prepare({ way: 'load' });
      await page.goto(`${site.origin}/shop`);
      // In the same task in which the SDK begins to load.
      await page.evaluate(() => {
        const { official } = window as unknown as OfficialPage;
        return Promise.all([official.identify('u1'), official.track('Early')]).then(() => undefined);
      });
      await expect.poll(() => standIn.names()).toContain('Early');
      expect(official.direct).toEqual([]);
    });
  });

test('a device-mode destination gets its events, and Customer.io learns of it', async ({
  official,
  page,
  standIn,
}) => {
  await official.open({ way: 'load', device: 'works' });
  await track(page, ['Bought']);
  await expect.poll(() => standIn.names()).toEqual(['Bought']);
  expect(await page.evaluate(() => (window as unknown as OfficialPage).seen)).toEqual(['Bought']);
  expect((await standIn.events())[0]).toMatchObject({
    _metadata: { bundled: ['Customer.io Data Pipelines', 'Device Mode'], unbundled: [], bundledIds: [] },
  });
});

test('a device-mode destination that never answers holds no event up', async ({
  official,
  page,
  standIn,
}) => {
  await official.open({ way: 'load', device: 'hangs' });
  await page.evaluate(() => {
    const { official } = window as unknown as OfficialPage;
    for (const name of ['One', 'Two']) void official.track(name);
  });
  await expect.poll(() => standIn.names()).toEqual(['One', 'Two']);
});

test("the SDK's in-app plugin goes on: it learns of the person, and its events take our way", async ({
  official,
  page,
  standIn,
}) => {
  const inApp = { siteId: 'site-1' };
  await official.open({ way: 'load', load: { integrations: { 'Customer.io In-App Plugin': inApp } } });
  const before = official.inApp.length;
  await page.evaluate(async () => {
    const { official } = window as unknown as OfficialPage;
    await official.identify('u1');
    await official.page('Shop');
  });
  await expect.poll(() => official.inApp.length).toBeGreaterThan(before);
  await expect.poll(() => page.evaluate(() => localStorage.getItem('gist.web.userToken'))).toContain('u1');
  await expect.poll(async () => (await standIn.names()).length).toBe(2);
  expect(official.direct).toEqual([]);
});

test('an event that a page makes while it is being left arrives', async ({
  official,
  page,
  site,
  standIn,
}) => {
  await official.open({ way: 'load' });
  await untilSomebodyLeads(page);
  await page.evaluate(() => {
    addEventListener('pagehide', () => void (window as unknown as OfficialPage).official.track('Goodbye'));
  });
  await page.goto(`${site.origin}/next`);
  await expect.poll(() => standIn.account(['Goodbye'])).toEqual(once(1));
});

test('deregistered: the delivery goes back to the SDK, and registered again it comes back', async ({
  official,
  page,
  standIn,
}) => {
  await official.open({ way: 'register' });
  await track(page, ['First']);
  await expect.poll(() => standIn.names()).toEqual(['First']);
  await page.evaluate(() =>
    (window as unknown as OfficialPage).official.deregister('cio-first-party').then(() => undefined),
  );
  await track(page, ['Second']);
  await expect.poll(() => official.direct.map(({ event }) => event)).toEqual(['Second']);
  await page.evaluate(() => {
    const { official, delivery } = window as unknown as OfficialPage;
    return delivery && official.register(delivery).then(() => undefined);
  });
  await track(page, ['Third']);
  await expect.poll(() => standIn.names()).toEqual(['First', 'Third']);
  expect(official.direct).toHaveLength(1);
  expect(await pluginStats(page)).toMatchObject({ tracked: 2, delivered: 2, pending: 0 });
});

test('wrong options: one error, every event is discarded, and nothing goes to Customer.io', async ({
  official,
  page,
}) => {
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  await official.open({ way: 'load', options: { clientKey: 'a:b', plugins: [] } as never });
  await track(page, ['Lost']);
  await expect.poll(() => told(page, 'error')).toMatchObject([{ code: 'invalid-options' }]);
  expect(errors).toHaveLength(1);
  for (const text of ['errors/invalid-options', '"clientKey"', '"plugins"'])
    expect(errors[0]).toContain(text);
  expect(await told(page, 'dropped')).toMatchObject([{ reason: 'invalid-options' }]);
  expect(await pluginStats(page)).toMatchObject({
    tracked: 1,
    pending: 0,
    dropped: { 'invalid-options': 1 },
  });
  expect(official.direct).toEqual([]);
});

test('a plugin adds a value that JSON cannot hold: the event is dropped and told, and the next one arrives', async ({
  official,
  page,
  standIn,
}) => {
  await official.open({ way: 'load' });
  await page.evaluate(async () => {
    const { official } = window as unknown as OfficialPage;
    await official.register({
      name: 'Adds',
      type: 'enrichment',
      version: '1',
      isLoaded: () => true,
      load: () => Promise.resolve(),
      track(context) {
        if (context.event.event === 'Big') context.event.properties = { big: 10n };
        return context;
      },
    });
    await official.track('Big');
    await official.track('Small');
  });
  expect(await told(page, 'dropped')).toMatchObject([{ reason: 'invalid' }]);
  expect(await told(page, 'error')).toMatchObject([{ code: 'plugin-failed' }]);
  await expect.poll(() => standIn.names()).toEqual(['Small']);
  expect(await pluginStats(page)).toMatchObject({ tracked: 2, dropped: { invalid: 1 } });
});

test('a site that moves on to createAnalytics loses no stored event', async ({
  official,
  page,
  site,
  standIn,
}) => {
  await site.faults({ does: 'cut' });
  await official.open({ way: 'load' });
  await page.evaluate(() =>
    (window as unknown as OfficialPage).official.identify('u1').then(() => undefined),
  );
  await track(page, numbered(10));
  await site.page('/shop', MODULE_PAGE);
  await site.faults();
  await page.goto(`${site.origin}/shop`);
  await expect.poll(() => standIn.account(numbered(10))).toEqual(once(10));
  await expectStats(page, { tracked: 11, delivered: 11 });
  expect(await page.evaluate(() => window.analytics.user().id())).toBe('u1');
});

test('two tabs: one sends for both, and each is told of its own events', async ({
  context,
  official,
  site,
  standIn,
}) => {
  const first = await official.open({ way: 'load' }, '/shop', await context.newPage());
  await untilSomebodyLeads(first);
  const second = await official.open({ way: 'load' }, '/shop', await context.newPage());
  await Promise.all([track(first, numbered(20, 'First')), track(second, numbered(20, 'Second'))]);
  const names = [...numbered(20, 'First'), ...numbered(20, 'Second')];
  await expect.poll(() => standIn.account(names)).toEqual(once(40));
  // The tab that sends is told of all events, and the other tab of its own.
  for (const [page, count] of [
    [first, 40],
    [second, 20],
  ] as const) {
    await expect
      .poll(async () => new Set((await told(page, 'delivered')).flatMap(({ ids = [] }) => ids)).size)
      .toBe(count);
    await expect.poll(() => pluginStats(page)).toMatchObject({ tracked: 40, delivered: 40, pending: 0 });
  }
  await site.faults({ does: { status: 503 } });
  await track(second, ['Waiting']);
  await site.faults();
  const flushed = await second.evaluate(() => (window as unknown as OfficialPage).delivery?.flush());
  expect(flushed).toEqual({ delivered: 1, pending: 0, dropped: 0 });
});

test('the file that sends cannot be loaded: events are stored, and the next page sends them', async ({
  context,
  official,
  page,
  standIn,
}) => {
  await context.route('**/cio-sending*.js', (route) => route.abort());
  await official.open({ way: 'load' });
  await track(page, numbered(5));
  expect(await pluginStats(page)).toMatchObject({ tracked: 5, pending: 5 });
  await context.unroute('**/cio-sending*.js');
  await official.open({ way: 'load' }, '/next');
  await expect.poll(() => standIn.account(numbered(5))).toEqual(once(5));
});
