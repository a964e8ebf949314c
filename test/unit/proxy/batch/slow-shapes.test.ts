// @vitest-environment node
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { admit } from '../../../../src/proxy/ingest/admission.ts';
import { event, post, startProxy, verdict } from '../../../integration/proxy/setup.ts';

const LIMITS = { maxEvents: 500, maxEventBytes: 32_000 };
const START = '{"type":"track","event":"x","messageId":"m';
const repeat = (count: number, make: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join(',');
const fields = (count: number, prefix = 'k'): string => repeat(count, (i) => `"${prefix}${i}":1`);
const batch = (count: number, make: (i: number) => string): string => `{"batch":[${repeat(count, make)}]}`;

/** Texts of half a megabyte each, designed to be slow to check. */
const SLOW: readonly (readonly [string, string, string])[] = [
  ['an event of 38 000 fields', batch(1, () => `${START}",${fields(38_000)}}`), '400 invalid_event'],
  ['a body of 45 000 fields', `{${fields(45_000)},"batch":[]}`, '400 invalid_batch'],
  [
    'a body of 900 batches',
    `{${repeat(900, (j) => `"batch":[${START}",${fields(40, `z${j}`)}}]`)}}`,
    '400 invalid_batch',
  ],
  [
    'events of 900 fields each',
    batch(45, (j) => `${START}${j}",${fields(900, `k${j}_`)}}`),
    '413 too_many_events',
  ],
  [
    'a new kind of event each time',
    batch(500, (j) => `${START}${j}","n${j}":1,${fields(80)}}`),
    '413 too_many_events',
  ],
  [
    'every field of 500 events twice',
    batch(500, (j) => `${START}${j}","a":1,"a":2,${fields(80)}}`),
    '413 too_many_events',
  ],
  [
    'needless escapes beside many names',
    batch(15, (j) => `${START}${j}","e":"\\u0041","properties":{${fields(2_800)}}}`),
    '413 too_many_events',
  ],
  [
    'an event of 400 KB',
    batch(1, () => `${START}","properties":{${fields(38_000)}}}`),
    '413 event_too_large',
  ],
  [
    'arrays in arrays',
    batch(15, (j) => `${START}${j}","p":${'['.repeat(15_000)}${']'.repeat(15_000)}}`),
    '400 invalid_event',
  ],
  ['a list in place of an event', `{"batch":[[${repeat(70_000, (i) => `"${i}"`)}]]}`, '400 invalid_event'],
];

describe('a body that is designed to be slow to check', () => {
  test.each(SLOW)('is refused: %s', async (_, body, expected) => {
    const { proxy, upstream } = await startProxy({ maxBodyBytes: 600_000 });
    expect(await verdict(await proxy.fetch(post([], { body })))).toBe(expected);
    const headers = { 'Content-Encoding': 'gzip' };
    expect(await verdict(await proxy.fetch(post([], { body: gzipSync(body), headers })))).toBe(expected);
    expect(upstream.received).toEqual([]);
  });

  /**
   * Returns the shortest of several runs, since other processes of the machine can only make a run longer.
   */
  function leastMs(text: string): number {
    const bytes = new Uint8Array(Buffer.from(text));
    const times = Array.from({ length: 12 }, () => {
      const start = performance.now();
      admit(bytes, LIMITS);
      return performance.now() - start;
    });
    return Math.min(...times);
  }

  test.each<readonly [string, string, string]>([
    ...SLOW,
    ['numbers of one digit', batch(15, (j) => `${START}${j}","p":[${repeat(15_000, () => '1')}]}`), ''],
    ['empty objects', batch(15, (j) => `${START}${j}","p":[${repeat(10_000, () => '{}')}]}`), ''],
    [
      'long names of events',
      batch(500, (j) => `{"type":"track","messageId":"m","event":"${'ü'.repeat(440)}${j}"}`),
      '',
    ],
  ])('takes at most a millisecond for 10 KB: %s', (_, text) => {
    expect(leastMs(text) / (text.length / 10_000)).toBeLessThan(1);
  });
});

describe('bodies of real senders are accepted:', () => {
  test('500 events of a hundred kinds', async () => {
    const { proxy, upstream } = await startProxy();
    const events = Array.from({ length: 500 }, (_, i) => event({ [`kind${i % 100}`]: 1 }));
    expect(await verdict(await proxy.fetch(post(events)))).toBe('200');
    expect(upstream.received[0]?.body.batch).toEqual(events);
  });

  test('a large basket, and deep settings', async () => {
    const { proxy, upstream } = await startProxy();
    const items = Array.from({ length: 500 }, (_, i) => ({ sku: `s${i}`, price: i, name: 'Boots', n: 1 }));
    let deep: unknown = 'end';
    for (let level = 0; level < 90; level += 1) deep = [deep];
    const events = [event({ properties: { items } }), event({ properties: { deep } })];
    expect(await verdict(await proxy.fetch(post(events)))).toBe('200');
    expect(upstream.received[0]?.body.batch).toEqual(events);
  });

  test('60 events of a server that escapes what it need not', async () => {
    const { proxy, upstream } = await startProxy();
    const events = Array.from({ length: 60 }, () =>
      event({ properties: { url: '/a?b&c', text: 'x'.repeat(600) } }),
    );
    const body = JSON.stringify({ batch: events }).replaceAll('&', String.raw`\u0026`);
    expect(await verdict(await proxy.fetch(post([], { body })))).toBe('200');
    expect(upstream.received[0]?.body.batch).toEqual(events);
  });

  test('one large event with spaces, and one with escapes', async () => {
    const { proxy, upstream } = await startProxy();
    const large = event({ properties: { list: Array.from({ length: 5_000 }, (_, i) => i % 10) } });
    const body = JSON.stringify({ batch: [large] }, null, 2);
    expect(body.length).toBeGreaterThan(60_000);
    expect(await verdict(await proxy.fetch(post([], { body })))).toBe('200');
    expect(upstream.received[0]?.body.batch).toEqual([large]);
  });
});
