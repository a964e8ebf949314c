// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { isVerbatim } from '../../../src/proxy/verbatim.ts';
import type { WireEvent } from '../../../src/wire.ts';

const LONGEST = 300;

function verbatim(text: string): boolean {
  const body = JSON.parse(text) as { batch: readonly WireEvent[] };
  return isVerbatim(text, body, body.batch, LONGEST);
}

const EVENT = '{"type":"track","messageId":"m1","event":"A","userId":"u1","properties":{"price":1.50}}';
const OTHER = EVENT.replace('m1', 'm2');
const batch = (...events: readonly string[]): string =>
  `{"batch":[${events.join(',')}],"sentAt":"2026-01-02T03:04:05.678Z"}`;

test('what the browser SDK sends may pass in its own bytes', () => {
  expect(verbatim(batch(EVENT, OTHER))).toBe(true);
  expect(verbatim(batch())).toBe(true);
  expect(verbatim(` ${batch(EVENT).replaceAll(':', ' : ')} `)).toBe(true);
  expect(verbatim(batch(EVENT.replace('"A"', '"größe \\u0007 \\ud83d \\"type\\""')))).toBe(true);
});

describe('what two parsers might read in two ways is written anew:', () => {
  test.each([
    ['a second batch', `{"batch":[${EVENT}],"batch":[]}`],
    ['more at the top', `{"batch":[${EVENT}],"context":{}}`],
    ['a second type', batch(EVENT.replace('"type":"track"', '"type":"alias","type":"track"'))],
    ['a second event', batch(EVENT.replace('"event":"A"', '"event":"User Deleted","event":"A"'))],
    ['a second user', batch(EVENT.replace('"userId":"u1"', '"userId":"u2","userId":"u1"'))],
    ['a second context', batch(EVENT.replace('{"type"', '{"context":{"ip":"1"},"context":{},"type"'))],
    ['a name in escapes', batch(EVENT.replace('"event":"A"', '"\\u0065vent":"User Deleted","event":"A"'))],
    ['escapes in capitals', batch(EVENT.replace('"event":"A"', '"e\\u007Aent":"x","event":"A"'))],
    ['a name further inside, which is harmless', batch(EVENT.replace('"price"', '"event"'))],
    [
      'one that makes up for one that is missing',
      batch(EVENT.replace('"event":"A",', ''), `{"x":{"event":"A"},${OTHER.slice(1)}`),
    ],
    ['an event without an id', batch(EVENT.replace('"messageId":"m1",', ''))],
    ['an event that may be too long', batch(EVENT.replace('"A"', `"${'a'.repeat(LONGEST)}"`))],
  ])('%s', (_, text) => {
    expect(verbatim(text)).toBe(false);
  });
});
