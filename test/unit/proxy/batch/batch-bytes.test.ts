// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { type BatchBytes, readBatch } from '../../../../src/proxy/batch/batch-bytes.ts';

function read(text: string, mostItems = 500): BatchBytes {
  const batch = readBatch(new TextEncoder().encode(text), mostItems);
  if (batch === null || 'problem' in batch) throw new Error('This is no batch.');
  return batch;
}

/** Returns whether all events may be sent with their original bytes. */
const isVerbatim = (text: string): boolean => {
  const { isPlain, items } = read(text);
  return isPlain && items.every(({ summary }) => summary !== undefined);
};

const EVENT = '{"type":"track","messageId":"m1","event":"A","userId":"u1","properties":{"price":1.50}}';
const OTHER = EVENT.replace('m1', 'm2');
const batch = (...events: readonly string[]): string =>
  `{"batch":[${events.join(',')}],"sentAt":"2026-01-02T03:04:05.678Z"}`;

describe('may keep its bytes:', () => {
  test.each([
    ['what the browser SDK sends', batch(EVENT, OTHER)],
    ['a batch of nothing', batch()],
    ['a batch without a time', `{"batch":[${EVENT}]}`],
    ['one with spaces', ` ${batch(EVENT).replaceAll(/[:,]/g, ' $& ')}\n`],
    ['one with signs of JSON in its texts', batch(EVENT.replace('"A"', String.raw`"}]{[:,\"\\"`))],
    ['one with escapes that must be', batch(EVENT.replace('"A"', String.raw`"größe 🦊 \u0007 \ud83d \n"`))],
    ['one that names a field again further inside', batch(EVENT.replace('"price"', '"event"'))],
    ['an event without an id', batch(EVENT.replace('"messageId":"m1",', ''))],
    [
      'names that objects have by themselves',
      batch(EVENT.replace('{"type"', '{"__proto__":{},"constructor":1,"type"')),
    ],
  ])('%s', (_, text) => {
    expect(isVerbatim(text)).toBe(true);
  });
});

describe('is written again because two parsers might differ:', () => {
  test.each([
    ['a second batch', `{"batch":[],"batch":[${EVENT}]}`],
    ['a second time', `{"sentAt":"a","batch":[${EVENT}],"sentAt":"b"}`],
    ['more at the top', `{"batch":[${EVENT}],"context":{}}`],
    ['a time that is none', `{"batch":[${EVENT}],"sentAt":null}`],
    ['a time that looks like a batch', `{"sentAt":[${EVENT}],"batch":[]}`],
    ['a second type', batch(EVENT.replace('"type":"track"', '"type":"alias","type":"track"'))],
    ['a second event', batch(EVENT.replace('"event":"A"', '"event":"User Deleted","event":"A"'))],
    ['a second event after the first', batch(EVENT.replace(/}$/, ',"event":"B"}'))],
    ['a second user', batch(EVENT.replace('"userId":"u1"', '"userId":"u2","userId":"u1"'))],
    ['a second user in small letters', batch(EVENT.replace('"userId"', '"userid":"u2","userid"'))],
    ['a second context', batch(EVENT.replace('{"type"', '{"context":{"ip":"1"},"context":{},"type"'))],
    [
      'a name in escapes',
      batch(EVENT.replace('"event":"A"', String.raw`"\u0065vent":"User Deleted","event":"A"`)),
    ],
    ['escapes in capitals', batch(EVENT.replace('"event":"A"', String.raw`"e\u007Aent":"x","event":"A"`))],
    ['a name whose quotes are escaped', batch(EVENT.replace('"A"', String.raw`"\u0022,\u0022event"`))],
    [
      'a colon in a text that makes up for a name that is missing',
      batch(EVENT.replace('"event":"A"', '"event":"B","event":"A:"')),
    ],
  ])('%s', (_, text) => {
    expect(isVerbatim(text)).toBe(false);
  });

  test('and the events next to it keep their bytes', () => {
    const twice = EVENT.replace('"event":"A"', '"event":"B","event":"A"');
    const text = batch(EVENT, twice, OTHER);
    const { items } = read(text);
    expect(items.map(({ summary }) => summary === undefined)).toEqual([false, true, false]);
    expect(items.map(({ from, to }) => text.slice(from, to))).toEqual([EVENT, twice, OTHER]);
  });
});

describe('is JSON, but not a batch:', () => {
  test.each([
    '{}',
    '[]',
    '[{"batch":[]}]',
    '7',
    '"batch"',
    'null',
    '{"batch":{}}',
    '{"batch":"[]"}',
    '{"batch":[],"batch":7}',
  ])('%s', (text) => {
    expect(readBatch(new TextEncoder().encode(text), 500)).toBeNull();
  });

  test.each([
    '',
    '{"batch":[]',
    '{"batch":[]}}',
    '{"batch":[{]}',
    '{"batch":[],}',
    '{"sentAt":"\n","batch":[]}',
  ])('and invalid JSON is an error: %j', (text) => {
    expect(() => readBatch(new TextEncoder().encode(text), 500)).toThrow(SyntaxError);
  });
});

describe('exceeds a limit:', () => {
  const fields = (count: number): string => Array.from({ length: count }, (_, i) => `"f${i}":1`).join(',');
  // `properties` is one level around the number.
  const nested = (levels: number): string =>
    EVENT.replace('1.50', `${'['.repeat(levels - 1)}1${']'.repeat(levels - 1)}`);
  const within = (text: string): unknown => readBatch(new TextEncoder().encode(text), 500);

  test.each([
    ['100 levels in a field', '101 levels', nested],
    ['1 000 fields', '1 001 fields', (count: number) => `{${fields(count)}}`],
  ])('an event may have %s, and not %s', (name, _, make) => {
    const most = Number.parseInt(name.replace(' ', ''), 10);
    expect(read(batch(EVENT, make(most))).items).toHaveLength(2);
    expect(within(batch(EVENT, make(most + 1)))).toMatchObject({ index: 1 });
  });

  test('a body of 51 fields', () => {
    expect(within(`{${fields(49)},"batch":[]}`)).toMatchObject({ count: 0 });
    expect(within(`{${fields(51)},"batch":[]}`)).toEqual({
      index: undefined,
      problem: 'has more than 50 fields',
    });
    expect(within(`{${Array.from({ length: 51 }, () => '"batch":[]').join(',')}}`)).toHaveProperty('problem');
  });

  test('nested values next to the batch or around it', () => {
    for (const text of [`{"x":${'['.repeat(101)}`, '['.repeat(101), `{"batch":[${'['.repeat(101)}`])
      expect(within(text)).toHaveProperty('problem', 'is nested in more than 100 levels');
  });
});

test('events with new shapes are parsed when the shape cache is full', () => {
  const kinds = Array.from({ length: 400 }, (_, i) => EVENT.replace('{', `{"kind${i}":1,`));
  const { items } = read(batch(...kinds));
  const anew = items.map(({ summary }) => summary === undefined);
  // Each of these events has 6 names, so 333 events have 1 998 names.
  expect([anew.indexOf(true), anew.filter(Boolean).length]).toEqual([333, 67]);
});

test('the last of several "batch" and "sentAt" fields counts', () => {
  const { items, sentAt } = read(`{"batch":[],"sentAt":"a","batch":[${EVENT},1],"sentAt":"b"}`);
  expect(items.map(({ summary }) => summary?.event)).toEqual(['A', undefined]);
  expect(sentAt).toBe('b');
  expect(read('{"batch":[],"sentAt":"a","sentAt":7}').sentAt).toBeUndefined();
});

test('of too many events only the limit is kept, and all are counted', () => {
  const { items, count } = read(batch(...Array.from({ length: 7 }, () => EVENT)), 3);
  expect([items.length, count]).toEqual([3, 7]);
});

test('an event whose bytes equal those of the previous one has the same result', () => {
  const long = 'x'.repeat(100);
  const twin = (context: string): string => `{"type":"page","messageId":"a","context":${context}}`;
  const facesOf = (...contexts: readonly string[]): boolean[] => {
    const text = `{"batch":[${contexts.map(twin).join(',')}]}`;
    return (readBatch(new TextEncoder().encode(text), 500) as BatchBytes).items.map(
      ({ summary }) => summary !== undefined,
    );
  };
  const plain = `{"title":"${long}"}`;
  const escaped = String.raw`{"\u0074itle":"${long}"}`;
  expect(facesOf(plain, plain, plain)).toEqual([true, true, true]);
  expect(facesOf(escaped, escaped, plain, escaped)).toEqual([false, false, true, false]);
  const read = (context: string): unknown =>
    readBatch(new TextEncoder().encode(`{"batch":[${twin(plain)},${twin(context)}]}`), 500);
  // The bytes behind the same beginning must be complete JSON.
  expect(() => read(plain.slice(0, -1))).toThrow(SyntaxError);
  expect(() => read(`${plain}}`)).toThrow(SyntaxError);
  expect(() => read(`${plain}x`)).toThrow(SyntaxError);
  expect(() => read(`"${long}`)).toThrow(SyntaxError);
});
