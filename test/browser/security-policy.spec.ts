/** Pages with strict policies, and servers. The script tag is tested in script/policies.spec.ts. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, stats, test, told } from '../support/site/fixtures.ts';
import { page as html } from '../support/site/site-pages.ts';
import { watchViolations } from '../support/page/violations.ts';

test("npm build under default-src 'self': no violation, the lazy file included", async ({
  page,
  site,
  standIn,
}) => {
  const violations = await watchViolations(page);
  const body = html('Strict', '<script type="module" src="/app.js"></script>').replace(
    '<link rel="icon" href="data:,">',
    '',
  );
  await site.page('/strict', { body, headers: { 'Content-Security-Policy': "default-src 'self'" } });
  await page.goto(`${site.origin}/strict`);
  const handle = await page.evaluateHandle(() => window.analytics);
  await handle.evaluate(async (analytics) => {
    await analytics.addSourceMiddleware(({ payload, next }) => next(payload));
    await analytics.track('After');
  });
  await expect.poll(() => standIn.names()).toEqual(['After']);
  expect(await violations()).toEqual([]);
});

test('connect-src that forbids the proxy: events are kept, an error is emitted, and the page continues', async ({
  page,
  site,
  standIn,
}) => {
  await site.page('/strict', {
    body: html('Strict', '<script type="module" src="/app.js"></script>'),
    headers: { 'Content-Security-Policy': "connect-src 'none'" },
  });
  await page.addInitScript(() => {
    Math.random = () => 0.02;
  });
  await page.goto(`${site.origin}/strict`);
  await page.evaluate(() => window.analytics.track('A'));
  await expect.poll(async () => (await told(page, 'blocked')).length).toBe(1);
  expect(await stats(page)).toMatchObject({ tracked: 1, pending: 1 });
  await page.goto(`${site.origin}/shop`);
  await expect.poll(() => standIn.names()).toEqual(['A']);
});

test('no timer while idle', async ({ open, page, standIn }) => {
  await page.addInitScript(() => {
    const timers = new Set<unknown>();
    Object.assign(window, { timers });
    const { setTimeout, clearTimeout, setInterval } = window;
    window.setTimeout = ((run: () => void, ms: number) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        run();
      }, ms);
      timers.add(timer);
      return timer;
    }) as typeof window.setTimeout;
    window.clearTimeout = ((timer: number) => {
      timers.delete(timer);
      clearTimeout(timer);
    }) as typeof window.clearTimeout;
    window.setInterval = ((run: () => void, ms: number) => {
      timers.add('interval');
      return setInterval(run, ms);
    }) as typeof window.setInterval;
  });
  await open();
  await page.evaluate(() => window.analytics.track('A'));
  await expect.poll(() => standIn.names()).toEqual(['A']);
  await expect.poll(() => stats(page)).toMatchObject({ pending: 0 });
  await expect
    .poll(() => page.evaluate(() => (window as unknown as { timers: Set<unknown> }).timers.size))
    .toBe(0);
});

test('on a server the package can be imported and called, and does nothing', async () => {
  const program = `
    const before = Object.keys(globalThis).length;
    const { createAnalytics, SdkError } = await import('cio-first-party');
    const analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'key' });
    const receipt = await analytics.track('A');
    await analytics.identify('u1');
    await analytics.flush();
    analytics.consent.grant();
    analytics.on('delivered', () => {})();
    analytics.user().traits();
    analytics.close();
    console.log(JSON.stringify({ receipt, stats: analytics.stats(), made: Object.keys(globalThis).length - before, error: new SdkError('invalid-options', '') instanceof Error }));`;
  const cwd = new URL('../../', import.meta.url);
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', program],
    { cwd },
  );
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toMatchObject({
    receipt: { state: 'discarded' },
    stats: { tracked: 0, delivered: 0, pending: 0 },
    made: 0,
    error: true,
  });
});
