// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { readLifeboats } from '../../../../src/sdk/outbox/lifeboat-reader.ts';
import { START_MS } from '../../../fakes/clock.ts';
import { events, outboxEvent } from '../../../fakes/events.ts';
import { idsOf } from './setup.ts';

describe('what lifeboats hold', () => {
  test('is read, oldest boat first', () => {
    const boats = [
      [outboxEvent('late', { at: START_MS + 9 })],
      [outboxEvent('early', { at: START_MS }), outboxEvent('second', { at: START_MS + 20 })],
      [outboxEvent('last', { at: START_MS + 30 })],
    ];
    expect(idsOf(readLifeboats(boats.map((boat) => JSON.stringify(boat))))).toEqual([
      'early',
      'second',
      'late',
      'last',
    ]);
  });

  test('keeps its order within a boat, also where the clock was set back meanwhile', () => {
    const boat = [
      outboxEvent('before', { at: START_MS }),
      outboxEvent('after', { at: START_MS - 86_400_000 }),
      outboxEvent('later', { at: START_MS - 86_399_000 }),
    ];
    expect(readLifeboats([JSON.stringify(boat)])).toEqual(boat);
  });

  test.each([
    ['no boat', null],
    ['nothing', ''],
    ['no JSON', '[{"id":'],
    ['no list', '{"id":"a"}'],
    ['null', 'null'],
    ['no events', '[null,1,"x",{},{"id":1,"at":1,"json":"{}","bytes":2},[]]'],
  ])('is nothing where there is %s', (_, text) => {
    expect(readLifeboats([text])).toEqual([]);
    const [good] = events('e', 1);
    expect(readLifeboats([text, JSON.stringify([good]), text])).toEqual([good]);
  });

  test('is what is whole of what is partly broken', () => {
    const [good, other] = events('e', 2);
    expect(readLifeboats([JSON.stringify([{ id: 'bad' }, good, null, other])])).toEqual([good, other]);
  });
});
