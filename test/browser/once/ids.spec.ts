/** `messageId` is a ULID, by which Customer.io recognises repeats: https://github.com/ulid/spec */
import { trackStored } from '../../support/page/calls.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { expect, expectOnce, test } from './setup.ts';

const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The timestamp of an id: its first ten digits, in milliseconds since the epoch. */
const timeOf = (id: string): number =>
  id
    .slice(0, 10)
    .split('')
    .reduce((time, digit) => time * 32 + DIGITS.indexOf(digit), 0);

test('ids are ULIDs of the visit, increase with every call of a page, and differ from those of other pages', async ({
  page,
  site,
  standIn,
}) => {
  const from = Date.now();
  const names: string[] = [];
  const ids: string[] = [];
  for (const path of ['/shop', '/next', '/shop']) {
    await page.goto(site.origin + path);
    const own = numbered(150, `${path} ${names.length}, event`);
    names.push(...own);
    const made = await trackStored(page, own);
    expect([...made].sort()).toEqual(made);
    ids.push(...made);
    await expectOnce({ site, standIn, page }, names);
  }
  expect(ids.filter((id) => !ULID.test(id))).toEqual([]);
  expect(new Set(ids).size).toBe(450);
  // These digits are random, so that ids of different visitors differ.
  expect(new Set(ids.map((id) => id.slice(10, 20))).size).toBeGreaterThanOrEqual(3);
  const times = ids.map(timeOf);
  expect(Math.min(...times)).toBeGreaterThanOrEqual(from - 1_000);
  expect(Math.max(...times)).toBeLessThanOrEqual(Date.now() + 1_000);
  expect((await standIn.events()).map(({ messageId }) => messageId).sort()).toEqual([...ids].sort());
});

test('on pages without TLS, where browsers have no randomUUID, ids have the same form', async ({
  page,
  site,
  standIn,
}) => {
  await page.addInitScript(() => Object.defineProperty(crypto, 'randomUUID', { value: undefined }));
  await page.goto(`${site.origin}/shop`);
  const ids = await trackStored(page, numbered(5));
  expect(ids.filter((id) => !ULID.test(id))).toEqual([]);
  await expectOnce({ site, standIn, page }, numbered(5));
});
