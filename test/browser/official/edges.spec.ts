/** What pages do with the plugin besides the usual: calls in an unusual order, and two instances of Customer.io's SDK. */
import { once } from '../../support/site/arrival.ts';
import type { OfficialPage } from '../../support/official/official-page.ts';
import { VERSIONS } from '../../support/official/build-official.ts';
import { expect, pluginStats, ready, test, told, track } from '../../support/official/official-site.ts';
import type { Page } from 'playwright';

/** Does this as soon as the page has made the SDK and the plugin, in the same task. */
const atOnce = (page: Page, act: (token: string) => void, token = ''): Promise<unknown> =>
  page.addInitScript(
    `let made; Object.defineProperty(window, 'official', { get: () => made, set(next) { made = next; (${String(act)})(${JSON.stringify(token)}); } });`,
  );

for (const version of VERSIONS)
  test.describe(`the ${version} version`, () => {
    test.use({ version });

    test('an app shows the next page in the task of the call: the event has page, campaign and person of the call', async ({
      official,
      page,
      site,
      standIn,
    }) => {
      await official.open({ way: 'load' }, '/shop?utm_source=mail');
      const anonymousId = await page.evaluate(async () => {
        const { official } = window as unknown as OfficialPage;
        const user = await official.user();
        const id = user.anonymousId();
        void official.track('Clicked', { title: 'of the call' });
        void official.page('Shop');
        void official.alias('u1');
        history.pushState(null, '', '/later?utm_source=other');
        document.title = 'Later';
        void official.reset();
        return id;
      });
      await expect.poll(() => standIn.names()).toEqual(['Clicked', 'Shop', 'alias']);
      const [clicked, view, alias] = await standIn.events();
      const url = `${site.origin}/shop?utm_source=mail`;
      const fields = { path: '/shop', search: '?utm_source=mail', url };
      for (const event of [clicked, view, alias])
        expect(event?.context).toMatchObject({ page: fields, campaign: { source: 'mail' } });
      expect(clicked?.context.page['title']).toBe('of the call');
      expect(view?.properties).toMatchObject({ ...fields, title: 'Official', name: 'Shop' });
      expect(alias).toMatchObject({ userId: 'u1', previousId: anonymousId });
    });
  });

test('a token that is set before the SDK has loaded is the token of the person whom a waiting call identifies', async ({
  official,
  page,
  site,
  standIn,
}) => {
  await site.change({ customers: true });
  await page.goto(`${site.origin}/blank`);
  const token = await page.evaluate(async () => {
    const body = JSON.stringify({ userId: 'u1', reason: 'initial', forceRefresh: false, attempt: 1 });
    const response = await fetch('/login', { method: 'POST', body });
    return ((await response.json()) as { token: string }).token;
  });
  await official.prepare({ way: 'load', options: { delivery: { authorization: 'customer-token' } } });
  await atOnce(
    page,
    (given) => {
      const { official, delivery } = window as unknown as OfficialPage;
      void official.reset();
      void official.identify('u1');
      void official.track('Known');
      delivery?.setCustomerToken(given);
    },
    token,
  );
  await page.goto(`${site.origin}/shop`);
  await expect.poll(() => standIn.names()).toEqual(['identify', 'Known']);
  const schemes = (await site.batches()).map(({ authorization }) => String(authorization).split(' ')[0]);
  expect(schemes).toEqual(['Bearer']);
});

test('denied from the start: nothing is requested or stored; what the SDK stores begins with its first call', async ({
  official,
  page,
  site,
}) => {
  await official.open({ way: 'load', options: { consent: 'denied' } });
  await page.waitForTimeout(300);
  expect(await page.evaluate(() => [document.cookie, Object.keys(localStorage)])).toEqual(['', []]);
  await track(page, ['A']);
  await page.waitForTimeout(1_000);
  expect((await site.hits()).filter((hit) => hit.includes('cio-'))).toEqual([]);
  expect(await page.evaluate(() => indexedDB.databases())).toEqual([]);
});

test('choices that are known before the SDK has loaded are an event, once', async ({
  official,
  page,
  standIn,
}) => {
  await page.addInitScript(() => {
    (window as unknown as OfficialPage).officialFunctions = {
      consent: {
        name: 'own',
        get: () => ({ state: 'granted', categories: { analytics: true } }),
        subscribe: () => () => {},
      },
    };
  });
  await official.open({ way: 'load' });
  await track(page, ['A', 'B']);
  await official.open({ way: 'load' }, '/next');
  await track(page, ['C']);
  await expect
    .poll(async () => [...(await standIn.names())].sort())
    .toEqual(['A', 'B', 'C', 'Consent Updated']);
});

for (const [decision, names, stats] of [
  ['grant', ['Held', 'Later'], { tracked: 2, delivered: 2, pending: 0 }],
  ['deny', [], { tracked: 2, pending: 0, dropped: { consent: 2 } }],
] as const)
  test(`events that wait for consent stay while the plugin is deregistered: ${decision}`, async ({
    official,
    page,
    standIn,
  }) => {
    await official.open({ way: 'load', options: { consent: 'pending' } });
    await track(page, ['Held']);
    await page.evaluate(async (how) => {
      const { official, delivery } = window as unknown as OfficialPage;
      await official.deregister('cio-first-party');
      delivery?.consent[how]();
      if (delivery) await official.register(delivery);
      await official.track('Later');
    }, decision);
    await expect.poll(() => pluginStats(page)).toMatchObject(stats);
    expect(await standIn.names()).toEqual(names);
  });

test('denied while the plugin is deregistered: what it has stored is deleted', async ({
  official,
  page,
  site,
}) => {
  await site.faults({ does: 'cut' });
  await official.open({ way: 'load' });
  await track(page, ['A']);
  await page.evaluate(async () => {
    const { official, delivery } = window as unknown as OfficialPage;
    await official.deregister('cio-first-party');
    delivery?.consent.deny();
  });
  await expect.poll(() => page.evaluate(() => indexedDB.databases())).toEqual([]);
});

test('deregistered while a device-mode destination holds the event up: the event arrives once', async ({
  official,
  page,
  standIn,
}) => {
  await official.open({ way: 'load' });
  await page.evaluate(async () => {
    const { official, delivery } = window as unknown as OfficialPage;
    await official.register({
      name: 'Slow',
      type: 'destination',
      version: '1',
      isLoaded: () => true,
      load: () => Promise.resolve(),
      track: (context) => new Promise((resolve) => setTimeout(() => resolve(context), 300)),
    });
    const done = official.track('A');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await official.deregister('cio-first-party');
    await done;
    if (delivery) await official.register(delivery);
  });
  await expect.poll(() => standIn.account(['A'])).toEqual(once(1));
  expect(official.direct).toEqual([]);
});

test('two instances of the SDK: one that deregisters the plugin does not end the delivery of the other', async ({
  official,
  page,
  standIn,
}) => {
  await official.open({ way: 'load' });
  await page.evaluate(async () => {
    const { official, delivery, AnalyticsBrowser, settings } = window as unknown as OfficialPage;
    const second = AnalyticsBrowser.load({ ...settings, plugins: delivery ? [delivery] : [] });
    await second;
    await official.track('First');
    await second.track('Second');
    await official.deregister('cio-first-party');
    await second.track('Third');
    await official.track('Fourth');
  });
  await expect.poll(() => standIn.account(['First', 'Second', 'Third'])).toEqual(once(3));
  expect(official.direct.map(({ event }) => event)).toEqual(['Fourth']);
  expect(await pluginStats(page)).toMatchObject({ tracked: 3, delivered: 3 });
});

test('a second call with another consent: one warning, and the stricter one counts', async ({
  official,
  page,
  standIn,
}) => {
  const lines: string[] = [];
  page.on('console', (line) => line.type() === 'warning' && lines.push(line.text()));
  await official.open({ way: 'load' });
  const state = await page.evaluate(() => {
    const { delivery, firstPartyDelivery } = window as unknown as OfficialPage;
    const options = { proxyUrl: '/e', clientKey: 'client-api-key-web' };
    return [
      firstPartyDelivery(options) === delivery,
      firstPartyDelivery({ ...options, consent: 'pending' }) === delivery,
      delivery?.consent.state,
    ];
  });
  expect(state).toEqual([true, true, 'pending']);
  await track(page, ['Held']);
  expect(await pluginStats(page)).toMatchObject({ tracked: 1, pending: 1 });
  await page.waitForTimeout(1_500);
  expect(await standIn.names()).toEqual([]);
  await page.evaluate(() => (window as unknown as OfficialPage).delivery?.consent.grant());
  await expect.poll(() => standIn.names()).toEqual(['Held']);
  expect((await told(page, 'consent')).map(({ state }) => state)).toEqual(['pending', 'granted']);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('created twice, with another consent');
});

test('settings without the SDK’s own destination, or with All: false', async ({
  official,
  page,
  site,
  standIn,
}) => {
  await official.prepare({ way: 'load' });
  await page.goto(`${site.origin}/shop`);
  await ready(page);
  await page.evaluate(async () => {
    const { delivery, AnalyticsBrowser } = window as unknown as OfficialPage;
    const plugins = delivery ? [delivery] : [];
    const settings = { writeKey: 'unused', cdnSettings: { integrations: {} }, plugins };
    await AnalyticsBrowser.load(settings).track('Empty');
    await AnalyticsBrowser.load(settings, { integrations: { All: false } }).track('None');
  });
  await expect.poll(() => standIn.account(['Empty', 'None'])).toEqual(once(2));
});
