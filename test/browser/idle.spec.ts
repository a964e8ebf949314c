/** While there is nothing to do, no code of the SDK runs, and no timer is set. */
import { readFileSync } from 'node:fs';
import { buildSync } from 'esbuild';
import type { Page } from 'playwright';
import type { TimerCounts } from '../../bench/page/timers.ts';
import { expect, stats, test, toldTimes } from '../support/site/fixtures.ts';
import { ROOT } from '../support/docs/documentation.ts';
import { MODULE_PAGE, page as html, tagPage } from '../support/site/site-pages.ts';

/** The time without activity: longer than every interval of the SDK in a quiet page. */
const QUIET_MS = 3_000;

const TIMERS = buildSync({
  entryPoints: [`${ROOT}bench/page/timers.ts`],
  bundle: true,
  write: false,
  format: 'iife',
  target: 'es2022',
})
  .outputFiles.map(({ text }) => text)
  .join('\n');

const timers = (page: Page): Promise<TimerCounts> => page.evaluate(() => window.timerCounts());

async function expectQuiet(page: Page): Promise<void> {
  await expect.poll(async () => (await timers(page)).waiting).toBe(0);
  const before = await timers(page);
  await page.waitForTimeout(QUIET_MS);
  expect(await timers(page)).toEqual(before);
}

test.describe('no timer, animation frame or idle callback waits or runs', () => {
  test.beforeEach(({ context }) => context.addInitScript({ content: TIMERS }));

  test('once the events of a page are delivered', async ({ page, open }) => {
    await open('/shop', { delivery: { flushIntervalMs: 50 } });
    await page.evaluate(async () => {
      for (const name of ['One', 'Two', 'Three']) await window.analytics.track(name);
      await window.analytics.identify('u1');
    });
    await expect.poll(() => stats(page)).toMatchObject({ delivered: 4, pending: 0 });
    await expectQuiet(page);
  });

  test('after an outage is over', async ({ page, open, site }) => {
    await site.faults({ does: { status: 503 } });
    await open();
    await page.evaluate(() => window.analytics.track('Held Up'));
    await toldTimes(page, 'retrying');
    // The timer of the next attempt shows that this test can see timers.
    expect((await timers(page)).waiting).toBeGreaterThan(0);
    await site.faults();
    await expect.poll(() => stats(page)).toMatchObject({ delivered: 1, pending: 0 });
    await expectQuiet(page);
  });

  test('in a tab that is not the leader', async ({ page, open, context }) => {
    await open();
    const second = await open('/shop', {}, await context.newPage());
    await second.evaluate(() => window.analytics.track('From The Second'));
    await expect.poll(() => stats(second)).toMatchObject({ delivered: 1, pending: 0 });
    await expectQuiet(second);
    await expectQuiet(page);
  });

  test('while consent is pending', async ({ page, open }) => {
    await open('/shop', { consent: 'pending' });
    await page.evaluate(() => window.analytics.track('Held'));
    expect(await timers(page)).toEqual({ waiting: 0, fired: 0 });
    await expectQuiet(page);
  });

  test('with the script tag', async ({ page, site }) => {
    await site.page('/tag', tagPage('', "cioanalytics.track('Early');"));
    await page.goto(`${site.origin}/tag`);
    await page.waitForFunction(() => typeof window.cioanalytics.stats === 'function');
    await expect
      .poll(() => page.evaluate(() => window.cioanalytics.stats()))
      .toMatchObject({ delivered: 1, pending: 0 });
    await expectQuiet(page);
  });
});

// Records what Angular's own zone observes: https://angular.dev/api/core/NgZone
const ANGULAR_ZONE = `
  window.zone = { macro: false, micro: false, changes: 0, runs: 0 };
  const angular = Zone.current.fork({
    name: 'angular',
    onInvokeTask(delegate, current, target, task, self, args) {
      if (task.type !== 'eventTask') zone.runs++;
      return delegate.invokeTask(target, task, self, args);
    },
    onHasTask(delegate, current, target, state) {
      delegate.hasTask(target, state);
      if (current !== target) return;
      if (state.change === 'macroTask') zone.macro = state.macroTask;
      if (state.change === 'microTask') zone.micro = state.microTask;
      zone.changes++;
    },
  });`;

interface ZoneState {
  /** Whether tasks are pending. Angular is stable when neither kind is pending. */
  readonly macro: boolean;
  readonly micro: boolean;
  /** How often that has changed. */
  readonly changes: number;
  /** The number of tasks that have run; after each, Angular checks for changes. */
  readonly runs: number;
}

test('with zone.js the zone of the application becomes stable, and stays stable', async ({ page, site }) => {
  const script = { headers: { 'Content-Type': 'text/javascript' } };
  const zone = readFileSync(`${ROOT}test/runtimes/node_modules/zone.js/bundles/zone.umd.js`, 'utf8');
  await site.page('/zone.js', { ...script, body: zone });
  const start = `${ANGULAR_ZONE}
    import('/dist/index.js').then(({ createAnalytics }) => angular.run(() => {
      window.analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'client-api-key-web' });
      analytics.page('Home');
      for (let i = 0; i < 20; i++) analytics.track('Event ' + i);
    }));`;
  await site.page('/angular', {
    ...MODULE_PAGE,
    body: html('Angular', `<script src="/zone.js"></script><script>${start}</script>`),
  });
  await page.goto(`${site.origin}/angular`);
  await page.waitForFunction(() => 'analytics' in window);
  await expect.poll(() => stats(page)).toMatchObject({ delivered: 21, pending: 0 });
  const state = (): Promise<ZoneState> => page.evaluate('zone');
  await expect.poll(state).toMatchObject({ macro: false, micro: false });
  const before = await state();
  // The zone has observed the work of the SDK.
  expect(before.runs).toBeGreaterThan(0);
  await page.waitForTimeout(QUIET_MS);
  expect(await state()).toEqual(before);
});
