// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { packBatch } from '../../../../src/proxy.ts';
import { inGroups, unpackBatch } from '../../../../src/proxy/broker/message.ts';
import type { WireEvent } from '../../../../src/protocol/wire.ts';
import { event } from '../../../integration/proxy/setup.ts';

const events = (count: number, fields: Record<string, unknown> = {}): readonly WireEvent[] =>
  Array.from({ length: count }, () => event(fields) as unknown as WireEvent);
const ids = async (batch: readonly WireEvent[], sentAt = 'now'): Promise<readonly string[]> =>
  (await packBatch({ batch, sentAt })).map(({ id }) => id);
const bytesOf = (text: string): number => Buffer.byteLength(text);

describe('a message', () => {
  test.each([{ sentAt: '2026-01-02T03:04:06.000Z' }, {}])('is read as it was written: %o', async (more) => {
    const batch = { batch: events(3, { event: 'Größe ✓ 🛒' }), ...more };
    const [message, ...others] = await packBatch(batch);
    expect(others).toEqual([]);
    const { text = '', bytes = new Uint8Array() } = message ?? {};
    for (const form of [text, bytes, bytes.buffer])
      expect(unpackBatch(form)).toEqual({ kind: 'batch', batch });
  });

  test('contains its version', async () => {
    const [message] = await packBatch({ batch: [], sentAt: 'now' });
    expect(message).toBeUndefined();
    const [full] = await packBatch({ batch: events(1) });
    expect(JSON.parse(full?.text ?? '')).toMatchObject({ version: 1 });
  });

  test.each([300, 1_000, 5_000])(
    'has at most %i bytes, and all have every event once, in order',
    async (most) => {
      const batch = events(40, { event: '✓'.repeat(20), context: {} });
      const messages = await packBatch({ batch, sentAt: 'now' }, { maxBytes: most });
      const got = messages.flatMap(({ text }) => {
        const unpacked = unpackBatch(text);
        return unpacked.kind === 'batch' ? unpacked.batch.batch : [];
      });
      expect(got).toEqual(batch);
      expect(new Set(messages.map(({ id }) => id)).size).toBe(messages.length);
      // Events that fit into one message must be in one message.
      const sizes = messages.map(({ bytes }) => bytes.length);
      const one = bytesOf(JSON.stringify(batch[0]));
      const single = bytesOf(`{"version":1,"batch":[],"sentAt":"now"}`) + one;
      expect(Math.max(...sizes)).toBeLessThanOrEqual(Math.max(most, single + 5));
      expect(messages.length).toBeLessThanOrEqual(
        Math.ceil(40 / Math.max(1, Math.floor(most / (single + 5)))),
      );
    },
  );

  test('of one event that is too large contains that event', async () => {
    const batch = events(3, { properties: { text: 'x'.repeat(1_000) } });
    expect(await packBatch({ batch }, { maxBytes: 100 })).toHaveLength(3);
  });
});

test('groups are as full as possible', () => {
  expect(inGroups(['aa', 'bb', 'cc'], 5)).toEqual([['aa', 'bb'], ['cc']]);
  expect(inGroups(['aa', 'bb', 'cc'], 4)).toEqual([['aa'], ['bb'], ['cc']]);
  expect(inGroups(['aa', 'bb', 'cc'], 8)).toEqual([['aa', 'bb', 'cc']]);
  expect(inGroups(['✓', '✓'], 6)).toEqual([['✓'], ['✓']]);
  expect(inGroups([], 6)).toEqual([]);
});

describe('its id', () => {
  test('is the same for the same events, whatever else has changed', async () => {
    const batch = events(3);
    const changed = batch.map((each) => ({ ...each, context: { ip: '203.0.113.7' } }));
    expect(await ids(changed, 'later')).toEqual(await ids(batch));
    expect((await ids(batch))[0]).toMatch(/^[\da-f]{64}$/);
  });

  test('differs for other events, fewer events, and another order', async () => {
    const batch = events(3);
    const all = [batch, events(3), batch.slice(1), batch.slice(1).concat(batch.slice(0, 1))];
    expect(new Set((await Promise.all(all.map((each) => ids(each)))).flat()).size).toBe(all.length);
  });

  test('is a hash of the content if there is no messageId', async () => {
    const [one, two] = [events(1, { messageId: undefined, event: 'A' }), events(1, { messageId: undefined })];
    expect(await ids(one)).toEqual(await ids(one));
    expect(await ids(one)).not.toEqual(await ids(two));
  });

  test('cannot be forged to equal that of others', async () => {
    const [one, two] = [events(2), events(1)];
    const sly = [{ ...two[0], messageId: one.map(({ messageId }) => messageId).join('","') } as WireEvent];
    expect(await ids(sly)).not.toEqual(await ids(one));
  });
});

test.each([
  ['nothing', '', 'foreign'],
  ['no JSON', 'hello', 'foreign'],
  ['bytes that are no text', new Uint8Array([0xff, 0xfe, 0x00]), 'foreign'],
  ['a list', '[]', 'foreign'],
  ['a number', '7', 'foreign'],
  ['a batch without a version', '{"batch":[]}', 'foreign'],
  ['version 0', '{"version":0,"batch":[]}', 'foreign'],
  ['a version that is a text', '{"version":"2","batch":[]}', 'foreign'],
  ['no batch', '{"version":1}', 'foreign'],
  ['a batch of other things', '{"version":1,"batch":[7]}', 'foreign'],
  ['a later version', '{"version":2,"events":[]}', 'newer'],
])('%s is not a batch', (_, message, kind) => {
  expect(unpackBatch(message)).toMatchObject({ kind });
});
