// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { listen } from '../listen.ts';
import { event, startProxy } from '../setup.ts';
import { errorIn, exchange, HEAD, requestText, statusesIn } from './raw.ts';

const CHUNKED = requestText([...HEAD, 'Transfer-Encoding: chunked'], '');
const chunk = (bytes: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
const END = '0\r\n\r\n';

describe('a character whose bytes arrive in several chunks', () => {
  test('stays complete', async () => {
    const { proxy, upstream } = await startProxy();
    const bytes = Buffer.from(JSON.stringify({ batch: [event({ event: '🦊 grüßt' })] }));
    const pieces = Array.from(bytes, (byte) => chunk(Uint8Array.of(byte)));
    const answer = await exchange(await listen(proxy.node), CHUNKED, ...pieces, END);
    expect(statusesIn(answer)).toEqual([200]);
    expect(upstream.received[0]?.body.batch[0]?.['event']).toBe('🦊 grüßt');
  });

  test.each([
    ['is cut off by its end', [0xf0, 0x9f, 0xa6]],
    ['is broken in its middle', [0xf0, 0x9f, 0x28, 0x8a]],
    ['is half a surrogate pair', [0xed, 0xa0, 0x80]],
    ['is longer than it need be', [0xc0, 0xaf]],
    ['is beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
  ])('and that %s is refused', async (_, broken) => {
    const { proxy, upstream } = await startProxy();
    const [before = '', after = ''] = JSON.stringify({ batch: [event({ event: '@' })] }).split('@');
    const pieces = [Buffer.from(before), ...broken.map((byte) => Uint8Array.of(byte)), Buffer.from(after)];
    const answer = await exchange(await listen(proxy.node), CHUNKED, ...pieces.map(chunk), END);
    expect([statusesIn(answer), errorIn(answer)]).toEqual([[400], 'invalid_utf8']);
    expect(upstream.received).toHaveLength(0);
  });
});
