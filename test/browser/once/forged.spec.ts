/** Other scripts, older versions and broken browsers write cookies and records, too: they do no harm and lose nothing. */
import type { Page } from 'playwright';
import { trackStored } from '../../support/page/calls.ts';
import { type Site, told } from '../../support/site/fixtures.ts';
import { changed, leftRecords, plantRecords } from '../../support/page/left-records.ts';
import { trackAndLeave } from '../../support/page/leaving.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { expect, expectOnce, test } from './setup.ts';

const AN_HOUR_MS = 3_600_000;

/** A page whose last request nobody has ever seen. Answers its record, and what its next page of the site is. */
async function lastRequestIsLost(page: Page, site: Site): Promise<string> {
  await page.goto(`${site.origin}/shop`);
  await site.faults({ times: 1, does: 'hang' });
  await trackAndLeave(page, numbered(5), '/blank');
  await expect.poll(async () => (await site.batches()).length).toBe(1);
  const texts = Object.values(await leftRecords(page));
  expect(texts, 'records of the page that was left').toHaveLength(1);
  return texts[0] ?? '';
}

test.describe('a cookie that nobody has asked for', () => {
  const FORGED = ['cio_ack_', 'cio_ack_AAAAAAAAAAAA', `cio_ack_${'x'.repeat(40)}`, 'cio_ack_%22%5B'];

  test('is no acknowledgement: all that a page tracks is sent', async ({ context, page, site, standIn }) => {
    await context.addCookies(FORGED.map((name) => ({ name, value: '1', url: site.origin })));
    await page.goto(`${site.origin}/shop`);
    await trackStored(page, numbered(5));
    await expectOnce({ site, standIn, page }, numbered(5));
    expect(await told(page, 'error')).toEqual([]);
  });

  test('does not tell of another request: that is sent again', async ({ context, page, site, standIn }) => {
    test.setTimeout(60_000);
    await lastRequestIsLost(page, site);
    await context.addCookies(FORGED.map((name) => ({ name, value: '1', url: site.origin })));
    await page.goto(`${site.origin}/next`);
    await expectOnce({ site, standIn, page }, numbered(5));
  });
});

test.describe('a record that is none', () => {
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

  test('is left alone or deleted, and the page works as ever', async ({ page, site, standIn }) => {
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

  test('beside what an earlier visit could not send: that arrives once', async ({ page, site, standIn }) => {
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

test.describe('a record of a request that got lost', () => {
  test.setTimeout(60_000);

  test('names events that do not exist: it is forgotten, and all others are sent', async ({
    page,
    site,
    standIn,
  }) => {
    const record = await lastRequestIsLost(page, site);
    // Of another time: https://github.com/ulid/spec
    await plantRecords(page, [changed(record, { id: (id) => `7${id.slice(1)}` })]);
    await page.goto(`${site.origin}/next`);
    await expectOnce({ site, standIn, page }, numbered(5));
    await expect.poll(() => leftRecords(page), { timeout: 20_000 }).toEqual({});
  });

  for (const [what, byMs] of [
    ['set back by an hour', AN_HOUR_MS],
    ['put ahead by an hour', -AN_HOUR_MS],
  ] as const) {
    test(`was written before the clock was ${what}: it is not waited for longer, and all arrive once`, async ({
      page,
      site,
      standIn,
    }) => {
      const record = await lastRequestIsLost(page, site);
      // As if it were of a time that the clock has not reached again, or that is long past.
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
    test(`${what}: all arrive, and each once`, async ({ page, site, standIn }) => {
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
      // Without a record nobody would ever delete them, and each page adds one.
    });
  }
});
