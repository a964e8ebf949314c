// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { serialize } from '../../../../src/sdk/event/serialize.ts';
import type { WireEvent } from '../../../../src/protocol/wire.ts';

const DRAFT = { type: 'track', event: 'E', timestamp: 't', anonymousId: 'a', context: {} };

/** Makes an event of exactly this many bytes, filled with this text. */
function sized(bytes: number, filler = 'x'): ReturnType<typeof serialize> {
  const empty = serialize('id', 5, { ...DRAFT, properties: { text: '' } }, undefined);
  const room = bytes - (empty.kind === 'event' ? empty.event.bytes : 0);
  const each = Buffer.byteLength(JSON.stringify(filler)) - 2;
  const text = 'x'.repeat(room % each) + filler.repeat(Math.floor(room / each));
  return serialize('id', 5, { ...DRAFT, properties: { text } }, undefined);
}

describe('an event is captured', () => {
  test('once and for all, with its size in UTF-8', () => {
    const captured = serialize('id', 5, { ...DRAFT, properties: { text: 'ü€😀' } }, undefined);
    if (captured.kind !== 'event') throw new Error(captured.reason);
    const { id, at, json, bytes } = captured.event;
    expect([id, at, bytes]).toEqual(['id', 5, Buffer.byteLength(json)]);
    expect(JSON.parse(json)).toMatchObject({ messageId: 'id', properties: { text: 'ü€😀' } });
  });

  test.each(['x', 'ü', '€', '😀', 'x😀€ü', '"', '\\', '\n', '\ud800', '\u2028'])(
    'up to 32 000 bytes of %j, wherever they end',
    (filler) => {
      for (let under = 0; under < 8; under++) {
        const captured = sized(32_000 - under, filler);
        expect(captured).toMatchObject({ kind: 'event', event: { bytes: 32_000 - under } });
        expect(captured.kind === 'event' && Buffer.byteLength(captured.event.json)).toBe(32_000 - under);
        expect(sized(32_001 + under, filler)).toEqual({ kind: 'dropped', reason: 'too-large' });
      }
    },
  );

  test('with its own size, whatever was captured before', () => {
    const small = sized(300);
    sized(32_000, '😀');
    sized(40_000, '😀');
    expect(sized(300)).toEqual(small);
  });

  test('as beforeSend leaves it, under its own id', () => {
    const captured = serialize('id', 5, DRAFT, (event) => ({
      ...event,
      messageId: 'other',
      event: 'Changed',
    }));
    expect(captured.kind === 'event' && (JSON.parse(captured.event.json) as WireEvent)).toMatchObject({
      messageId: 'id',
      event: 'Changed',
    });
  });

  test('and not when beforeSend says so, or breaks', () => {
    const cause = new Error('no');
    const breaks = (): never => {
      throw cause;
    };
    expect(serialize('id', 5, DRAFT, () => null)).toEqual({ kind: 'dropped', reason: 'before-send' });
    expect(serialize('id', 5, DRAFT, breaks)).toEqual({ kind: 'dropped', reason: 'before-send', cause });
  });

  test('and not when JSON cannot hold what a plugin or beforeSend made of it', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(serialize('id', 5, { ...DRAFT, properties: circle }, undefined)).toMatchObject({
      kind: 'dropped',
      reason: 'invalid',
    });
    expect(serialize('id', 5, DRAFT, (event) => ({ ...event, properties: { big: 1n } }))).toMatchObject({
      reason: 'invalid',
    });
  });
});
