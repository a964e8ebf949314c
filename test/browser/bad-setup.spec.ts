/** A page sets up the SDK wrongly, or changes what the SDK builds on: listeners that throw, wrong options, changed prototypes. */
import { expect, stats, test, told } from '../support/site/fixtures.ts';

test('a listener that throws is told, and the others still hear', async ({ open, page, standIn }) => {
  await open();
  await page.evaluate(() => {
    const heard: string[] = [];
    Object.assign(window, { heard });
    for (const name of ['stored', 'track'] as const) {
      window.analytics.on(name, () => {
        throw new Error('of the page');
      });
      window.analytics.on(name, () => void heard.push(name));
    }
    return window.analytics.track('A');
  });
  await expect.poll(() => standIn.names()).toEqual(['A']);
  expect(await page.evaluate(() => (window as unknown as { heard: string[] }).heard.sort())).toEqual([
    'stored',
    'track',
  ]);
  expect((await told(page, 'error')).map(({ code }) => code)).toEqual(['plugin-failed', 'plugin-failed']);
});

test('wrong options are one console.error that names them, an error event, and an instance that discards', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await open();
  const printed: string[] = [];
  page.on('console', (line) => line.type() === 'error' && printed.push(line.text()));
  const outcomes = await page.evaluate(async () => {
    const good = { proxyUrl: '/other', clientKey: 'key' };
    const wrong: readonly unknown[] = [
      undefined,
      {},
      { ...good, clientKey: 'a:b' },
      { ...good, clientKey: '' },
      { ...good, proxyUrl: '' },
      { ...good, proxyUrl: 'ftp://x' },
      { ...good, consent: 'maybe' },
      { ...good, delivery: { maxBatchEvents: 0 } },
      { ...good, delivery: { nonsense: 1 } },
      { ...good, nonsense: 1 },
      { ...good, plugins: [{}] },
      { ...good, beforeSend: 'text' },
    ];
    return Promise.all(
      wrong.map(async (options) => {
        const analytics = window.createAnalytics(options as never);
        const error = new Promise<string>((resolve) => {
          analytics.on('error', ({ code, message }) => resolve(`${code}: ${message}`));
        });
        const receipt = await analytics.track('A');
        analytics.consent.grant();
        analytics.anonymize();
        const { tracked, dropped } = analytics.stats();
        return { message: await error, receipt, tracked, dropped: dropped['invalid-options'] };
      }),
    );
  });
  for (const { message, receipt, tracked, dropped } of outcomes) {
    expect(message).toMatch(/^invalid-options: "[\w.]+" must be /);
    expect(receipt).toMatchObject({ state: 'discarded', reason: 'invalid-options' });
    expect([tracked, dropped]).toEqual([1, 1]);
  }
  expect(outcomes[2]?.message).toBe(
    'invalid-options: "clientKey" must be a text without ":", got a text of 3 characters. Every call is discarded. ' +
      'https://github.com/cio-first-party/cio-first-party/blob/main/docs/errors/invalid-options.md',
  );
  expect(printed).toHaveLength(outcomes.length);
  expect(await standIn.names()).toEqual([]);
  expect(await site.batches()).toEqual([]);
});

test('prototypes of the page that were changed (Prototype.js, core-js) do no harm', async ({
  open,
  page,
  standIn,
}) => {
  await page.addInitScript(() => {
    // oxlint-disable-next-line no-extend-native -- what some pages do
    (Array.prototype as unknown as { toJSON: unknown }).toJSON = function (this: unknown[]) {
      return `[${this.map((each) => JSON.stringify(each)).join(', ')}]`;
    };
    // oxlint-disable-next-line no-extend-native
    Object.defineProperty(Object.prototype, 'inherited', {
      value: 'by everything',
      enumerable: true,
      configurable: true,
    });
  });
  await open();
  await page.evaluate(() => window.analytics.track('A', { list: [1, 2], nested: { a: 1 } }));
  await expect.poll(() => standIn.names()).toEqual(['A']);
  expect((await standIn.events())[0]?.properties).toMatchObject({ nested: { a: 1 } });
  await expect.poll(() => stats(page)).toMatchObject({ delivered: 1, pending: 0 });
});
