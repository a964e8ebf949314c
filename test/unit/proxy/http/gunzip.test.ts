// @vitest-environment node
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createGunzip, type Gunzip, gunzipStream } from '../../../../src/proxy/http/gunzip.ts';

const text = (length: number): string => 'grüße 🦊 '.repeat(length).slice(0, length);
const packed = (content: string): Uint8Array<ArrayBuffer> => new Uint8Array(gzipSync(content));
const joined = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.concat(parts));

async function outcome(unpack: Gunzip, bytes: Uint8Array<ArrayBuffer>, maxBytes: number): Promise<string> {
  try {
    const unpacked = await unpack(bytes, maxBytes);
    return unpacked === 'too-large' ? unpacked : new TextDecoder().decode(unpacked);
  } catch {
    return 'throws';
  }
}

const ONE = packed(text(1_000));
const LENGTH = new TextEncoder().encode(text(1_000)).length;

describe.each<[string, Gunzip]>([
  ['under Node', createGunzip()],
  ['elsewhere', gunzipStream],
])('%s', (_, unpack) => {
  test.each([
    ['what is packed', ONE, LENGTH, text(1_000)],
    ['nothing, packed', packed(''), 10, ''],
    ['one byte more than may come', ONE, LENGTH - 1, 'too-large'],
    ['two parts one after the other', joined(ONE, packed('!')), LENGTH + 1, `${text(1_000)}!`],
    ['two parts that are too much together', joined(ONE, packed('!')), LENGTH, 'too-large'],
    ['a bomb', packed('0'.repeat(20_000_000)), 500_000, 'too-large'],
    ['what breaks off', ONE.subarray(0, -9), 10_000, 'throws'],
    [
      'what has a wrong checksum',
      ONE.map((byte, i) => (i === ONE.length - 8 ? byte ^ 1 : byte)),
      10_000,
      'throws',
    ],
    ['what is not packed', new TextEncoder().encode('{"batch":[]}'), 10_000, 'throws'],
    ['nothing at all', new Uint8Array(), 10_000, 'throws'],
  ])('%s', async (_what, bytes, maxBytes, expected) => {
    expect(await outcome(unpack, bytes, maxBytes)).toBe(expected);
  });
});
