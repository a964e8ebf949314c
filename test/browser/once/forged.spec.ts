/**
 * Cookies and records that other scripts, older versions or broken browsers have written cause no harm and
 * lose no event.
 */
import type { Page } from 'playwright';
import { trackStored } from '../../support/page/calls.ts';
import { type Site, told } from '../../support/site/fixtures.ts';
import { changed, leftRecords, plantRecords } from '../../support/page/left-records.ts';
import { trackAndLeave } from '../../support/page/leaving.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { expect, expectOnce, test } from './setup.ts';

const AN_HOUR_MS = 3_600_000;

/**
 * Leaves a page for one without the SDK while its last request is neither delivered nor answered. Returns the
 * record that the page has stored.
 */
async function lastRequestIsLost(page: Page, site: Site): Promise<string> {
  await page.goto(`${site.origin}/shop`);
  await site.faults({ times: 1, does: 'hang' });
  await trackAndLeave(page, numbered(5), '/blank');
  await expect.poll(async () => (await site.batches()).length).toBe(1);
  const texts = Object.values(await leftRecords(page));
  expect(texts, 'records of the page that was left').toHaveLength(1);
  return texts[0] ?? '';
}

test.describe('a cookie with an unknown request name', () => {
  const FORGED = ['cio_ack_', 'cio_ack_AAAAAAAAAAAA', `cio_ack_${'x'.repeat(40)}`, 'cio_ack_%22%5B'];

  test('does not acknowledge: all events that a page tracks are sent', async ({
    context,
    page,
    site,
    standIn,
  }) => {
    await context.addCookies(FORGED.map((name) => ({ name, value: '1', url: site.origin })));
    await page.goto(`${site.origin}/shop`);
    await trackStored(page, numbered(5));
    await expectOnce({ site, standIn, page }, numbered(5));
    expect(await told(page, 'error')).toEqual([]);
  });

  test('does not acknowledge another request: that is sent again', async ({
    context,
    page,
    site,
    standIn,
  }) => {
    test.setTimeout(60_000);
    await lastRequestIsLost(page, site);
    await context.addCookies(FORGED.map((name) => ({ name, value: '1', url: site.origin })));
    await page.goto(`${site.origin}/next`);
    await expectOnce({ site, standIn, page }, numbered(5));
  });
});

test.describe('an invalid record', () => {
  const ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  const BROKEN: readonly string[] = [
    '',
    '{',
    'null',
    'true',
    '42',
    '"text"',
    '[]',
    '{}',
    '[null,1,"a",[],{}]',
    '{"at":"soon","requests":7}',
    '{"at":1,"requests":[null,["name"],["name",null],["name",[null,7,{}]],[7,["x"]]]}',
    `{"at":${Number.MAX_SAFE_INTEGER},"requests":[["AAAAAAAAAAAA",["${ID}"]]]}`,
    `{"at":-1,"requests":[["AAAAAAAAAAAA",["${ID}","${ID}"]],["AAAAAAAAAAAA",[]]]}`,
    `{"at":null,"requests":{"0":["AAAAAAAAAAAA",["${ID}"]]}}`,
    `{"__proto__":{"at":1},"requests":[["__proto__",["constructor"]]]}`,
    'x'.repeat(100_000),
  ];

  test('is ignored or deleted, and the page works as usual', async ({ page, site, standIn }) => {
    await page.goto(`${site.origin}/blank`);
    await plantRecords(page, BROKEN);
    await page.goto(`${site.origin}/shop`);
    await trackStored(page, numbered(5));
    await expectOnce({ site, standIn, page }, numbered(5));
    await page.goto(`${site.origin}/next`);
    await trackStored(page, ['Next']);
    await expectOnce({ site, standIn, page }, [...numbered(5), 'Next']);
    expect(await told(page, 'error')).toEqual([]);
  });

  test('does not affect the unsent events of an earlier visit: they arrive once', async ({
    page,
    site,
    standIn,
  }) => {
    await site.faults({ does: { status: 503 } });
    await page.goto(`${site.origin}/shop`);
    await trackStored(page, numbered(5));
    await page.goto(`${site.origin}/blank`);
    await plantRecords(page, BROKEN);
    await site.faults();
    await page.goto(`${site.origin}/next`);
    await expectOnce({ site, standIn, page }, numbered(5));
  });
});

test.describe('a record of a lost request', () => {
  test.setTimeout(60_000);

  test('names events that do not exist: it is deleted, and all others are sent', async ({
    page,
    site,
    standIn,
  }) => {
    const record = await lastRequestIsLost(page, site);
    // An id with another timestamp: https://github.com/ulid/spec
    await plantRecords(page, [changed(record, { id: (id) => `7${id.slice(1)}` })]);
    await page.goto(`${site.origin}/next`);
    await expectOnce({ site, standIn, page }, numbered(5));
    await expect.poll(() => leftRecords(page), { timeout: 20_000 }).toEqual({});
  });

  for (const [what, byMs] of [
    ['set back by an hour', AN_HOUR_MS],
    ['put ahead by an hour', -AN_HOUR_MS],
  ] as const) {
    test(`was written before the clock was ${what}: the wait is not longer, and all arrive once`, async ({
      page,
      site,
      standIn,
    }) => {
      const record = await lastRequestIsLost(page, site);
      // A record with a time that the clock has not reached again, or that is long past.
      await plantRecords(page, [changed(record, { timeMs: (timeMs) => timeMs + byMs })]);
      await page.goto(`${site.origin}/next`);
      await expectOnce({ site, standIn, page }, numbered(5));
      expect(await leftRecords(page)).toEqual({});
    });
  }
});

test.describe('the browser refuses', () => {
  for (const [what, refuse] of [
    [
      'localStorage',
      () =>
        Object.defineProperty(window, 'localStorage', {
          get() {
            throw new DOMException('denied', 'SecurityError');
          },
        }),
    ],
    [
      'cookies to scripts',
      () => Object.defineProperty(Document.prototype, 'cookie', { get: () => '', set() {} }),
    ],
  ] as const) {
    test(`${what}: all events arrive once`, async ({ page, site, standIn }) => {
      test.setTimeout(60_000);
      await page.addInitScript(refuse);
      await page.goto(`${site.origin}/shop`);
      const names: string[] = [];
      for (const visit of [1, 2, 3]) {
        const own = numbered(2, `Visit ${visit}, event`);
        names.push(...own);
        await trackAndLeave(page, own, `/page-${visit}`);
      }
      await expectOnce({ site, standIn, page }, names);
      // Without a record no page would ever delete these cookies, and each page adds one.
    });
  }
});
