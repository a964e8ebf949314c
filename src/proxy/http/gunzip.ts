import type { Bytes } from './body.ts';
import { isNode } from '../lib/is-node.ts';

/** Whether this runtime can unpack gzip. Only then may answers say `Accept-Encoding: gzip`. */
export const readsGzip: boolean = typeof DecompressionStream === 'function';

/** Unpacks gzip, of which no more than `maxBytes` may come. @throws where it is none */
export type Gunzip = (bytes: Bytes, maxBytes: number) => Promise<Bytes | 'too-large'>;

/** Under Node in one go: a stream costs fifteen times as much, and so few bytes hold nobody up. */
export function createGunzip(): Gunzip {
  if (!isNode()) return gunzipStream;
  const { gunzipSync } = process.getBuiltinModule('node:zlib');
  return async (bytes, maxOutputLength) => {
    try {
      const { buffer, byteOffset, length } = gunzipSync(bytes, { maxOutputLength });
      return new Uint8Array(buffer, byteOffset, length);
    } catch (cause) {
      if (cause instanceof RangeError) return 'too-large';
      throw cause;
    }
  };
}

export const gunzipStream: Gunzip = async (bytes, maxBytes) => {
  let isBeyond = false;
  try {
    const stream = new Blob([bytes])
      .stream()
      .pipeThrough(new DecompressionStream('gzip'))
      .pipeThrough(limitedTo(maxBytes, () => (isBeyond = true)));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (cause) {
    if (isBeyond) return 'too-large';
    throw cause;
  }
};

/** Lets at most `maxBytes` through, and stops at once where more comes: a bomb is left where it is. */
function limitedTo(maxBytes: number, onBeyond: () => void): TransformStream<Bytes, Bytes> {
  let length = 0;
  return new TransformStream({
    transform(chunk, controller) {
      length += chunk.length;
      if (length <= maxBytes) {
        controller.enqueue(chunk);
        return;
      }
      onBeyond();
      controller.error(new RangeError(`More than ${maxBytes} bytes`));
    },
  });
}
