/** The visitor follows a link, or the page sets `location.href`, right after a call. */
import type { Page } from 'playwright';
import { expectArrival } from '../../support/site/arrival.ts';
import { trackAll, trackStored } from '../../support/page/calls.ts';
import { expect, test, toldTimes } from '../../support/site/fixtures.ts';
import { compressionBegun, goOnCompressing, holdCompression } from '../../support/page/held-compression.ts';
import { trackAndLeave } from '../../support/page/leaving.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { setVisibility, untilSomebodyLeads } from '../../support/browser/tabs.ts';

// The next page hears of a request that was refused only when its time is over.
test.setTimeout(60_000);

test.describe('`track(); location.href = …` in one task, 20 events', () => {
  test('with the proxy up: all arrive once, with one request', async ({ open, page, site, standIn }) => {
    await open();
    await trackAndLeave(page, numbered(20), '/next');
    await expectArrival(standIn, { names: numbered(20), page });
    expect(await site.batches()).toHaveLength(1);
    for (const event of await standIn.events()) expect(event.context.page['path']).toBe('/shop');
  });

  test('with the proxy down until the next page: all arrive once', async ({ open, page, site, standIn }) => {
    await site.faults({ does: { status: 503 } });
    await open();
    await trackAndLeave(page, numbered(20), '/next');
    await toldTimes(page, 'retrying');
    await site.faults();
    await page.evaluate(() => window.analytics.flush());
    await expectArrival(standIn, { names: numbered(20), page });
  });

  test('to a page without the SDK: all arrive once all the same', async ({ open, page, standIn }) => {
    await open();
    await trackAndLeave(page, numbered(20), '/blank');
    await expectArrival(standIn, { names: numbered(20) });
  });

  test('to another site: all arrive once all the same', async ({ open, page, site, standIn }) => {
    await open();
    await untilSomebodyLeads(page);
    await Promise.all([
      page.waitForURL(`${site.apiOrigin}/**`),
      page.evaluate((elsewhere) => {
        for (let i = 1; i <= 20; i++) void window.analytics.track(`Event ${i}`);
        location.href = elsewhere;
      }, `${site.apiOrigin}/elsewhere`),
    ]);
    await expectArrival(standIn, { names: numbered(20) });
  });
});

test.describe('while the browser compresses a batch of 20', () => {
  test.beforeEach(async ({ open, page, standIn }) => {
    await holdCompression(page);
    await open();
    // With the first answer the proxy says that it reads gzip.
    await trackStored(page, ['First']);
    await expectArrival(standIn, { names: ['First'], page });
    await trackAll(page, numbered(20));
    await compressionBegun(page);
  });

  test('the page goes: the batch goes at once as it is, without another page', async ({
    page,
    site,
    standIn,
  }) => {
    await page.goto(`${site.origin}/blank`);
    await expectArrival(standIn, { names: ['First', ...numbered(20)] });
  });

  test('the page is hidden, and lives on: each is sent once', async ({ page, standIn }) => {
    await setVisibility(page, 'hidden');
    await goOnCompressing(page);
    await setVisibility(page, 'visible');
    await trackStored(page, ['Last']);
    await expectArrival(standIn, { names: ['First', ...numbered(20), 'Last'], page });
  });
});

test('the page goes before the browser has said whether it may send: all arrive once, with the next page', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await page.addInitScript(() => {
    const { request } = LockManager.prototype;
    LockManager.prototype.request = async function (this: LockManager, ...given: readonly unknown[]) {
      if (location.pathname === '/shop') await new Promise(() => {});
      return Reflect.apply(request, this, given);
    };
  });
  await open();
  await Promise.all([
    page.waitForURL('**/next'),
    page.evaluate((names) => {
      for (const name of names) void window.analytics.track(name);
      location.href = '/next';
    }, numbered(20)),
  ]);
  await expectArrival(standIn, { names: numbered(20), page });
  expect(await site.batches()).toHaveLength(1);
});

test.describe('a click on a link that tracks', () => {
  async function click(page: Page, name: string): Promise<void> {
    await page.evaluate((event) => {
      document
        .querySelector('a')
        ?.addEventListener('click', () => void window.analytics.track(event), { once: true });
    }, name);
    await page.getByRole('link', { name: 'Next' }).click();
    await page.waitForURL('**/next');
  }

  test('ten times in a row: all arrive once', async ({ open, page, site, standIn }) => {
    await open();
    const names: string[] = [];
    for (const name of numbered(10)) {
      await click(page, name);
      // With this receipt the page has seen what was left behind.
      await trackStored(page, [`After ${name}`]);
      names.push(name, `After ${name}`);
      await expectArrival(standIn, { names, page });
      await page.goto(`${site.origin}/shop`);
    }
  });

  test('with the proxy down the whole time: all arrive once when it is up', async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await site.faults({ does: { status: 503 } });
    await open();
    for (const name of numbered(3)) {
      await click(page, name);
      await page.goto(`${site.origin}/shop`);
    }
    await toldTimes(page, 'retrying');
    await site.faults();
    await page.evaluate(() => window.analytics.flush());
    await expectArrival(standIn, { names: numbered(3), page });
  });
});
