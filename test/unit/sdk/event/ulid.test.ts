// @vitest-environment node
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { base32, createUlids, isOfPage } from '../../../../src/sdk/event/ulid.ts';
import { START_MS } from '../../../fakes/clock.ts';

const PAGE = '0123456789';
const make = (count: number, startMs = START_MS): readonly string[] => {
  const next = createUlids(startMs, PAGE);
  return Array.from({ length: count }, next);
};

test('an id is a ULID: 26 characters, of which the first ten are the time', () => {
  const [id = ''] = make(1, 1_469_918_176_385);
  // The time of the example in https://github.com/ulid/spec
  expect(id).toBe(`01ARYZ6S41${PAGE}000000`);
  expect(id).toMatch(/^[0-7][\dA-HJKMNP-TV-Z]{25}$/);
});

test('ids of a page grow, are never the same, and are known as its own', () => {
  const ids = make(10_000);
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(10_000);
  expect(ids.every((id) => isOfPage(id, PAGE))).toBe(true);
  expect(isOfPage(ids[0] ?? '', '9876543210')).toBe(false);
  expect(isOfPage(`${PAGE}0000000000000000`, PAGE)).toBe(false);
});

test('after a million ids the count begins anew, a millisecond later', () => {
  const next = createUlids(START_MS, PAGE);
  let last = '';
  for (let i = 0; i < 1_000_000; i++) last = next();
  const after = next();
  expect(last).toBe(`${base32(START_MS, 10)}${PAGE}999999`);
  expect(after).toBe(`${base32(START_MS + 1, 10)}${PAGE}000000`);
  expect(after > last).toBe(true);
});

test('gzip pays for an id of a batch with no more than three bytes', () => {
  const batch = (ids: readonly string[]): number =>
    gzipSync(
      JSON.stringify({
        batch: ids.map((messageId, i) => ({
          event: 'Product Viewed',
          type: 'track',
          timestamp: new Date(START_MS + i * 37).toISOString(),
          messageId,
          properties: { product: `sku-${i * 7}`, price: 12.5 + i },
        })),
      }),
    ).byteLength;
  const same = Array.from({ length: 100 }, () => make(1)[0] ?? '');
  expect((batch(make(100)) - batch(same)) / 100).toBeLessThanOrEqual(3);
});
