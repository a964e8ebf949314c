// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { isStoredEvent, isLogHead, isLogRecord } from '../../../../src/sdk/outbox/validate-record.ts';
import { outboxEvent } from '../../../fakes/events.ts';

const EVENT = outboxEvent('e1');
const RECORD = { at: 5, events: [EVENT, outboxEvent('e2')] };
const HEAD = {
  log: 'a',
  tracked: 10,
  delivered: 4,
  pending: 3,
  bytes: 300,
  dropped: { expired: 2, storage: 1 },
  nextPlace: 7,
};

const ODD: readonly unknown[] = [
  undefined,
  null,
  0,
  1,
  '',
  'x',
  true,
  [],
  {},
  [EVENT],
  new Date(0),
  () => EVENT,
];

describe('an event', () => {
  test('is one with its id, time, text and size', () => {
    expect(isStoredEvent(EVENT)).toBe(true);
    expect(isStoredEvent({ ...EVENT, more: 1 })).toBe(true);
  });

  test.each(ODD)('is not %o', (value) => {
    expect(isStoredEvent(value)).toBe(false);
  });

  test.each(['id', 'at', 'json', 'bytes'] as const)(
    'is none without its %s, or with something else there',
    (key) => {
      for (const odd of [undefined, null, Number.NaN, {}, []])
        expect(isStoredEvent({ ...EVENT, [key]: odd })).toBe(false);
    },
  );

  test('is none with a number for its id or text', () => {
    expect([isStoredEvent({ ...EVENT, id: 5 }), isStoredEvent({ ...EVENT, json: 5 })]).toEqual([
      false,
      false,
    ]);
  });

  test('is none that is empty', () => {
    expect([
      isStoredEvent({ ...EVENT, id: '' }),
      isStoredEvent({ ...EVENT, json: '' }),
      isStoredEvent({ ...EVENT, bytes: 0 }),
    ]).toEqual([false, false, false]);
  });
});

describe('a record', () => {
  test('is a list of events, and when they were written', () => {
    expect(isLogRecord(RECORD)).toBe(true);
  });

  test('is one also by a clock that was never set', () => {
    for (const at of [0, -9 * 3_600_000]) expect(isLogRecord({ at, events: [{ ...EVENT, at }] })).toBe(true);
  });

  test.each(ODD)('is not %o', (value) => {
    expect(isLogRecord(value)).toBe(false);
  });

  test.each([
    ['no time', { events: RECORD.events }],
    ['no events', { at: 5 }],
    ['something else than events', { at: 5, events: { 0: EVENT } }],
    ['one event that is none', { at: 5, events: [EVENT, null] }],
    ['an event with a hole in it', { at: 5, events: [EVENT, { ...EVENT, json: undefined }] }],
    ['no number for its time', { at: Number.NaN, events: RECORD.events }],
  ])('is none with %s', (_, value) => {
    expect(isLogRecord(value)).toBe(false);
  });
});

describe('a head', () => {
  test('is one whose sums are right', () => {
    expect(isLogHead(HEAD)).toBe(true);
    expect(isLogHead({ ...HEAD, log: undefined })).toBe(true);
    expect(isLogHead({ tracked: 0, delivered: 0, pending: 0, bytes: 0, dropped: {}, nextPlace: 1 })).toBe(
      true,
    );
  });

  test.each(ODD)('is not %o', (value) => {
    expect(isLogHead(value)).toBe(false);
  });

  test.each(['tracked', 'delivered', 'pending', 'bytes', 'nextPlace'] as const)(
    'is none without %s, or with something else there',
    (key) => {
      for (const odd of [undefined, Number.NaN, 'x', {}, -1])
        expect(isLogHead({ ...HEAD, [key]: odd })).toBe(false);
    },
  );

  test.each([
    ['wrong sums', { ...HEAD, tracked: 11 }],
    ['no counts of what was dropped', { ...HEAD, dropped: undefined }],
    ['something else in these', { ...HEAD, dropped: { expired: 'x' } }],
  ])('is none with %s', (_, value) => {
    expect(isLogHead(value)).toBe(false);
  });
});
