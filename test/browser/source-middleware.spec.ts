/** Source middleware of the wrapped SDK. */
import { expect, stats, test, told } from '../support/site/fixtures.ts';
import { addsUp } from '../support/page/in-page.ts';
import { tagPage } from '../support/site/site-pages.ts';

test.describe('source middleware', () => {
  test('npm build: changes events, drops those for which it skips `next`, and keeps their order', async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await open();
    const receipts = await page.evaluate(async () => {
      const added = window.analytics.addSourceMiddleware(({ payload, next }) => {
        if (payload.obj['event'] === 'Dropped') return;
        payload.obj.properties = { ...payload.obj.properties, seen: true };
        next(payload);
      });
      const first = window.analytics.track('First');
      await added;
      const later = ['Second', 'Dropped', 'Third'].map((name) => window.analytics.track(name));
      return Promise.all([first, ...later]);
    });
    expect(receipts.map(({ state, reason }) => reason ?? state)).toEqual([
      'stored',
      'stored',
      'before-send',
      'stored',
    ]);
    await expect.poll(() => standIn.names()).toEqual(['First', 'Second', 'Third']);
    for (const event of await standIn.events()) expect(event.properties).toEqual({ seen: true });
    expect((await site.hits()).filter((hit) => hit.includes('middleware'))).toEqual([
      'GET /dist/cio-middleware.js',
    ]);
    await expect
      .poll(() => stats(page))
      .toMatchObject({ tracked: 4, delivered: 3, dropped: { 'before-send': 1 } });
  });

  test('script tag: the lazy file is loaded from the folder of the script', async ({
    page,
    site,
    standIn,
  }) => {
    await site.page('/deep/tag', tagPage());
    await page.goto(`${site.origin}/deep/tag`);
    await page.waitForFunction(() => typeof window.cioanalytics.stats === 'function');
    await page.evaluate(async () => {
      await window.cioanalytics.addSourceMiddleware(({ payload, next }) => {
        payload.obj.properties = { seen: true };
        next(payload);
      });
      await window.cioanalytics.track('A');
    });
    await expect.poll(() => standIn.names()).toEqual(['A']);
    expect((await standIn.events())[0]?.properties).toEqual({ seen: true });
    expect(await site.hits()).toContain('GET /e/cio-middleware.js');
  });

  test('the lazy file is missing: an error is emitted, the page has no error, events are sent', async ({
    open,
    page,
    standIn,
  }) => {
    await page.route('**/cio-middleware.js', (route) => route.fulfill({ status: 404, body: '' }));
    await open();
    await page.evaluate(async () => {
      void window.analytics.track('Before');
      await window.analytics.addSourceMiddleware(({ payload, next }) => next(payload));
      await window.analytics.track('After');
    });
    await expect.poll(() => standIn.names()).toEqual(['Before', 'After']);
    const errors = await told(page, 'error');
    expect(errors.length).toBeGreaterThanOrEqual(1);
    expect(errors[0]?.code).toMatch(/^(plugin-failed|lazy-load-failed)$/);
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 2, delivered: 2, pending: 0 });
  });

  test('middleware that throws drops that event only, with an error event', async ({
    open,
    page,
    standIn,
  }) => {
    await open();
    const receipts = await page.evaluate(async () => {
      await window.analytics.addSourceMiddleware(({ payload, next }) => {
        if (payload.obj['event'] === 'Bad') throw new Error('of the page');
        next(payload);
      });
      return Promise.all(['A', 'Bad', 'B'].map((name) => window.analytics.track(name)));
    });
    expect(receipts.map(({ state }) => state)).toEqual(['stored', 'discarded', 'stored']);
    await expect.poll(() => standIn.names()).toEqual(['A', 'B']);
    expect(addsUp(await stats(page))).toBe(true);
  });
});
