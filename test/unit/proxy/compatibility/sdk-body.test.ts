// @vitest-environment node
/** The reader of bodies of other SDKs, compared with `JSON.parse` for random bodies and for damaged ones. */
import { expect, test } from 'vitest';
import { utf8 } from '../../../../src/protocol/wire.ts';
import { batchOf, readSdkBody } from '../../../../src/proxy/compatibility/sdk-body.ts';
import type { Bytes } from '../../../../src/proxy/lib/bytes.ts';
import { seeded, type Random } from '../../../fakes/random.ts';

type Json = Record<string, unknown>;

const NAMES = [
  'writeKey',
  'WRITEKEY',
  'sentAt',
  'type',
  'event',
  'messageId',
  'properties',
  'ä',
  '__proto__',
  '',
] as const;
const VALUES = [
  'key-1',
  '',
  'grüße 🦊',
  12.5,
  -0.1e-7,
  true,
  null,
  [],
  {},
  [1, ['x']],
  { a: { writeKey: 'kept' } },
] as const;
const SPACES = ['', ' ', '\n\t', '\r\n  '] as const;

/** Writes an object with names in any order, some of them twice, and spaces. */
function objectOf(random: Random, more: readonly (readonly [string, string])[] = []): string {
  const count = random.below(8);
  const fields = Array.from(
    { length: count },
    () => [random.pick(NAMES), JSON.stringify(random.pick(VALUES))] as const,
  );
  const space = random.pick(SPACES);
  const all = [...fields, ...more].map(
    ([name, value]) => `${space}${JSON.stringify(name)}${space}:${space}${value}${space}`,
  );
  return `{${all.join(',')}${all.length ? '' : space}}`;
}

/** The event as the reader must return it, from the objects of `JSON.parse`. */
function expected(event: unknown, type?: string): unknown {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return event;
  const fields = Object.entries(event as Json).filter(
    ([name]) => !['writekey', 'sentat'].includes(name.toLowerCase()) && !(type && name === 'type'),
  );
  return Object.fromEntries([...(type ? [['type', type] as const] : []), ...fields]);
}

const bytesOf = (text: string): Bytes => new Uint8Array(utf8.encode(text));
const read = (text: string, call: 'batch' | 'track') => readSdkBody(bytesOf(text), call);
const parsed = (bytes: Uint8Array): Json => JSON.parse(new TextDecoder().decode(bytes)) as Json;

test('reads the events that JSON.parse finds, without writeKey and sentAt', () => {
  for (let seed = 1; seed <= 2_000; seed += 1) {
    const random = seeded(seed);
    const items = Array.from({ length: random.below(5) }, () =>
      random.chance(0.9) ? objectOf(random) : JSON.stringify(random.pick(VALUES)),
    );
    const text = objectOf(random, [['batch', `[${items.join(',')}]`]]);
    const body = read(text, 'batch');
    if (body.kind === 'refused') throw new Error(`${seed}: ${body.message} ${text}`);
    const { batch } = JSON.parse(text) as { batch: readonly unknown[] };
    const written = parsed(batchOf(body.events, body.sentAt));
    expect([seed, written['batch']]).toEqual([seed, batch.map((each) => expected(each))]);
  }
});

test('reads a single call, whose type is that of the path', () => {
  for (let seed = 1; seed <= 2_000; seed += 1) {
    const text = objectOf(seeded(seed));
    const body = read(text, 'track');
    if (body.kind === 'refused') throw new Error(`${seed}: ${body.message} ${text}`);
    expect(body.events.map(parsed)).toEqual([expected(JSON.parse(text), 'track')]);
  }
});

test('refuses a damaged body where JSON.parse refuses it', () => {
  let refused = 0;
  for (let seed = 1; seed <= 5_000; seed += 1) {
    const random = seeded(seed);
    const text = objectOf(random, [['batch', `[${objectOf(random)},${objectOf(random)}]`]]);
    const at = random.below(text.length);
    const damaged =
      text.slice(0, at) +
      random.pick(['', '"', '{', '}', ']', ',', ':', '\\', '0', 'x', ' ']) +
      text.slice(at + 1);
    let isJson = true;
    try {
      JSON.parse(damaged);
    } catch {
      isJson = false;
    }
    const body = read(damaged, 'batch');
    expect([seed, body.kind === 'refused' && body.code === 'invalid_json']).toEqual([seed, !isJson]);
    refused += isJson ? 0 : 1;
  }
  expect(refused).toBeGreaterThan(1_000);
});

test.each([
  [
    'the batch before its events',
    '{"writeKey":"own","sentAt":"t1","batch":[{"writeKey":"e","sentAt":"t2"}]}',
    'own',
    't1',
  ],
  [
    'the batch behind its events',
    '{"batch":[{"writeKey":"e","sentAt":"t2"}],"sentAt":"t1","writeKey":"own"}',
    'own',
    't1',
  ],
  [
    'the first event that has them',
    '{"batch":[{},{"writeKey":"e1","sentAt":"t2"},{"writeKey":"e2","sentAt":"t3"}]}',
    'e1',
    't2',
  ],
  [
    'no event of a batch that is there twice',
    '{"batch":[{"writeKey":"e1"}],"batch":[{}]}',
    undefined,
    undefined,
  ],
  [
    'no value that is not a text',
    '{"writeKey":7,"batch":[{"writeKey":null,"sentAt":1}]}',
    undefined,
    undefined,
  ],
])('takes the key and the time of %s', (_, text, writeKey, sentAt) => {
  expect(read(text, 'batch')).toMatchObject({ kind: 'read', writeKey, sentAt });
});
