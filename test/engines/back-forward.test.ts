/** A page with the SDK stays eligible for the back/forward cache, and continues when it is restored. */
import { expect, test } from 'vitest';
import { page } from '../support/site/site-pages.ts';
import { leave, type Tab, until } from './engine.ts';
import { inEveryEngine } from './setup.ts';

const WATCH = `addEventListener('pageshow', ({ persisted }) => { window.cameBack = persisted; });`;

/** Navigates back, and returns whether the browser had cached the page. */
async function goBack(tab: Tab, path: string): Promise<boolean> {
  await tab.evaluate(() => history.back()).catch(() => undefined);
  await until('the page before', () =>
    tab.evaluate((to) => location.pathname === to && document.readyState === 'complete', path),
  );
  return tab.evaluate(() => Boolean((window as unknown as { cameBack?: boolean }).cameBack));
}

inEveryEngine(({ open, openPlain, arrived, standIn }) => {
  test('a page with all events delivered is cached if the browser caches a page without the SDK', async ({
    skip,
  }) => {
    const plain = await openPlain({ body: page('Plain', `<script>${WATCH}</script>`) }, '/plain');
    await leave(plain, '/blank', () => undefined);
    if (!(await goBack(plain, '/plain'))) return skip('this browser keeps no page at all here');

    const tab = await open({ before: WATCH });
    await tab.evaluate(() => void window.analytics.track('A'));
    await arrived(['A']);
    await leave(tab, '/blank', () => undefined);
    expect(await goBack(tab, '/shop')).toBe(true);
    await until('the SDK', () => tab.evaluate(() => Boolean(window.analytics)));
    await tab.evaluate(() => void window.analytics.track('B'));
    await arrived(['A', 'B']);
    return undefined;
  });

  test('events that are tracked while the page leaves arrive once each, whether the browser cached the page or not', async () => {
    const tab = await open({ before: WATCH });
    await tab.evaluate(() => void window.analytics.track('A'));
    await arrived(['A']);
    await leave(tab, '/blank', () => void window.analytics.track('Last'));
    await goBack(tab, '/shop');
    await until('the SDK', () => tab.evaluate(() => Boolean(window.analytics)));
    await tab.evaluate(() => void window.analytics.track('B'));
    await arrived(['A', 'Last', 'B']);
    expect((await standIn().events()).length).toBe(3);
  });
});
