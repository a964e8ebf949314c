/** Several instances on one page, and the option beforeSend. */
import { expect, stats, test, told } from '../support/site/fixtures.ts';

test('created twice with the same proxy and key: one instance, and a warning if the options differ', async ({
  open,
  page,
  standIn,
}) => {
  const warnings: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'warning') warnings.push(message.text());
  });
  await open();
  const same = await page.evaluate(() => {
    const options = { proxyUrl: '/e/', clientKey: 'client-api-key-web' };
    const one = window.createAnalytics({ ...options, proxyUrl: '/e' });
    const other = window.createAnalytics({ ...options, debug: true });
    void other.track('Once');
    return one === window.analytics && other === window.analytics;
  });
  expect(same).toBe(true);
  expect(warnings).toHaveLength(1);
  await expect.poll(() => standIn.names()).toEqual(['Once']);
});

test('two client keys on one page: each event is sent once, with its own key', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await site.change({ keys: ['client-api-key-web', 'second-key'] });
  await open();
  await page.evaluate(async () => {
    const second = window.createAnalytics({ proxyUrl: '/e', clientKey: 'second-key' });
    await Promise.all([window.analytics.track('Of the first'), second.track('Of the second')]);
  });
  await expect
    .poll(async () => [...(await standIn.names())].sort())
    .toEqual(['Of the first', 'Of the second']);
  const keys = (await site.batches()).map(({ authorization }) =>
    Buffer.from(authorization?.replace('Basic ', '') ?? '', 'base64').toString(),
  );
  expect([...keys].sort()).toEqual(['client-api-key-web:', 'second-key:']);
});

test('the console finds all instances of the page, of both builds, by one name', async ({
  open,
  page,
  site,
}) => {
  await site.change({ keys: ['client-api-key-web', 'tag-key'] });
  await open();
  await page.addScriptTag({ url: '/e/cio.js' });
  const found = await page.evaluate(() => {
    const { cioanalytics, analytics } = window;
    const list = (window as unknown as { __cioFirstParty: readonly unknown[] }).__cioFirstParty;
    const before = list.length;
    const tagged = (cioanalytics as unknown as Pick<typeof window, 'createAnalytics'>).createAnalytics({
      proxyUrl: '/e',
      clientKey: 'tag-key',
    });
    return [before, list[0] === analytics, list[1] === tagged, list.length];
  });
  expect(found).toEqual([1, true, true, 2]);
});

test('beforeSend receives the finished event, may change it, and may drop it', async ({
  open,
  page,
  standIn,
}) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, 'sdkOptions', {
      set() {},
      get: () => ({
        beforeSend(event: { event?: string; properties?: object }) {
          if (event.event === 'Dropped') return null;
          if (event.event === 'Thrown') throw new Error('of the page');
          return { ...event, properties: { ...event.properties, seen: true } };
        },
      }),
    });
  });
  await open();
  const receipts = await page.evaluate(() =>
    Promise.all(['Kept', 'Dropped', 'Thrown', 'Last'].map((name) => window.analytics.track(name))),
  );
  expect(receipts.map(({ state, reason }) => [state, reason])).toEqual([
    ['stored', undefined],
    ['discarded', 'before-send'],
    ['discarded', 'before-send'],
    ['stored', undefined],
  ]);
  await expect.poll(() => standIn.names()).toEqual(['Kept', 'Last']);
  expect((await standIn.events())[0]?.properties).toEqual({ seen: true });
  await expect
    .poll(() => stats(page))
    .toMatchObject({ tracked: 4, delivered: 2, pending: 0, dropped: { 'before-send': 2 } });
});

test('a beforeSend that returns a promise drops the event, with the error that it must be synchronous', async ({
  open,
  page,
  standIn,
}) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, 'sdkOptions', {
      set() {},
      get: () => ({
        async beforeSend(event: { event?: string }) {
          if (event.event === 'Rejected') throw new Error('of the page');
          return event;
        },
      }),
    });
  });
  await open();
  const receipts = await page.evaluate(() =>
    Promise.all(['Resolved', 'Rejected'].map((name) => window.analytics.track(name))),
  );
  expect(receipts.map(({ state, reason }) => [state, reason])).toEqual([
    ['discarded', 'before-send'],
    ['discarded', 'before-send'],
  ]);
  expect(await told(page, 'error')).toMatchObject(
    receipts.map(() => ({ code: 'plugin-failed', message: 'beforeSend must be synchronous' })),
  );
  expect(await stats(page)).toMatchObject({ tracked: 2, pending: 0, dropped: { 'before-send': 2 } });
  await page.evaluate(() => window.analytics.flush());
  expect(await standIn.events()).toEqual([]);
});
