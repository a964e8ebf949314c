// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { EVENT_TYPES } from '../../../../src/protocol/wire.ts';
import { event, post, startProxy, verdict } from '../../../integration/proxy/setup.ts';

describe('an event', () => {
  test.each(EVENT_TYPES)('of the type %s is accepted', async (type) => {
    const { proxy, upstream } = await startProxy();
    expect(await verdict(await proxy.fetch(post([event({ type })])))).toBe('200');
    expect(upstream.received[0]?.body.batch[0]?.['type']).toBe(type);
  });

  test.each([
    'closeAndFlush',
    'constructor',
    '__proto__',
    'Track',
    '',
    undefined,
    7,
    ['track'],
    { toString: 'track' },
  ])('of any other type is refused: %j', async (type) => {
    const { proxy, upstream } = await startProxy();
    expect(await verdict(await proxy.fetch(post([event(), event({ type })])))).toBe('400 invalid_event');
    expect(upstream.received).toHaveLength(0);
  });

  test.each([null, 'track', 7, true, [], [{ type: 'track' }]])(
    'that is not an object is refused: %j',
    async (value) => {
      const { proxy, upstream } = await startProxy();
      expect(await verdict(await proxy.fetch(post([value, event()])))).toBe('400 invalid_event');
      expect(upstream.received).toHaveLength(0);
    },
  );

  test('may have exactly 32 000 bytes of JSON, counted in UTF-8', async () => {
    const { proxy, upstream } = await startProxy();
    const filled = (bytes: number): object => {
      const empty = event({ properties: { text: '' } });
      const room = bytes - Buffer.byteLength(JSON.stringify(empty));
      return { ...empty, properties: { text: 'ü'.repeat(Math.floor(room / 2)) + 'u'.repeat(room % 2) } };
    };
    expect(await verdict(await proxy.fetch(post([filled(32_000)])))).toBe('200');
    expect(await verdict(await proxy.fetch(post([event(), filled(32_001)])))).toBe('413 event_too_large');
    expect(upstream.received).toHaveLength(1);
  });

  test('that is nested too deeply gets 400, not 500', async () => {
    const { proxy } = await startProxy();
    const body = `{"batch":[{"type":"track","event":"x","properties":${'['.repeat(14_000)}${']'.repeat(14_000)}}]}`;
    expect(await verdict(await proxy.fetch(post([], { body })))).toBe('400 invalid_event');
  });

  test('arrives with its messageId, its time and all its fields', async () => {
    const { proxy, upstream } = await startProxy();
    const batch = [
      event({ messageId: 'a', extra: { deep: [1, null, 'x'] } }),
      event({ messageId: 'b', type: 'page' }),
    ];
    await proxy.fetch(post(batch));
    expect(upstream.received).toHaveLength(1);
    expect(upstream.received[0]?.body).toEqual({ batch, sentAt: '2026-01-02T03:04:06.000Z' });
  });

  test('cannot change objects of the server by its keys', async () => {
    const { proxy, upstream } = await startProxy({
      clientIp: 'x-real-ip',
      transform: (passing) => ({ ...passing }),
    });
    const bad =
      '{"type":"track","event":"x","__proto__":{"polluted":1},"context":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}';
    const response = await proxy.fetch(
      post([], {
        body: `{"batch":[${bad}],"__proto__":{"batch":[]}}`,
        headers: { 'X-Real-IP': '203.0.113.7' },
      }),
    );
    expect(await verdict(response)).toBe('200');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(upstream.received[0]?.text).toContain('"ip":"203.0.113.7"');
  });
});

describe('a privileged event', () => {
  test.each([
    'User Deleted',
    'User Suppressed',
    'User Unsuppressed',
    'Object Deleted',
    'Relationship Deleted',
    'Device Created or Updated',
    'Device Deleted',
    'Report Delivery Event',
    'Report Content Event',
    'user deleted',
    ' User Deleted\n',
  ])('is refused, with its whole batch: %j', async (name) => {
    const { proxy, upstream } = await startProxy();
    const response = await proxy.fetch(post([event(), event({ event: name, userId: 'somebody-else' })]));
    expect(await verdict(response)).toBe('400 privileged_event');
    expect(upstream.received).toHaveLength(0);
  });

  test.each([
    ['on another type', { type: 'page', event: 'User Deleted' }, '400 privileged_event'],
    ['in a list that reads like its name', { event: ['User Deleted'] }, '400 invalid_event'],
    ['in an object', { event: { toString: 'User Deleted' } }, '400 invalid_event'],
    ['in a field that some servers read the same', { Event: 'User Deleted' }, '400 invalid_event'],
    ['behind a second type', { TYPE: 'track' }, '400 invalid_event'],
  ])('is not accepted as %s', async (_, fields, expected) => {
    const { proxy, upstream } = await startProxy();
    expect(await verdict(await proxy.fetch(post([event(fields)])))).toBe(expected);
    expect(upstream.received).toHaveLength(0);
  });

  test('is not accepted with a second field of the same name', async () => {
    const { proxy, upstream } = await startProxy();
    const body = '{"batch":[{"type":"track","event":"User Deleted","event":"Harmless","userId":"u"}]}';
    expect(await verdict(await proxy.fetch(post([], { body })))).toBe('200');
    expect(upstream.received[0]?.text).not.toContain('User Deleted');
  });

  test('is distinguished from events with similar names', async () => {
    const { proxy } = await startProxy();
    expect(await verdict(await proxy.fetch(post([event({ event: 'User Deleted Comment' })])))).toBe('200');
  });
});

describe('a batch', () => {
  test('may have exactly 500 events', async () => {
    const { proxy, upstream } = await startProxy();
    const many = Array.from({ length: 501 }, () => event());
    expect(await verdict(await proxy.fetch(post(many)))).toBe('413 too_many_events');
    expect(await verdict(await proxy.fetch(post(many.slice(1))))).toBe('200');
    expect(upstream.received.map(({ body }) => body.batch.length)).toEqual([500]);
  });

  test('cannot set other fields for all its events', async () => {
    const { proxy, upstream } = await startProxy();
    const passing = event();
    const body = JSON.stringify({
      batch: [passing],
      writeKey: 'another',
      context: { ip: '1.2.3.4' },
      integrations: { All: false },
    });
    await proxy.fetch(post([], { body }));
    expect(upstream.received[0]?.body).toEqual({ batch: [passing] });
  });
});
