import type { Bytes } from '../lib/bytes.ts';
import { isNode } from '../lib/is-node.ts';

/** Whether this runtime can decompress gzip. Only then do responses carry `Accept-Encoding: gzip`. */
export const readsGzip: boolean = typeof DecompressionStream === 'function';

/** Decompresses gzip; returns `'too-large'` if the result has more than `maxBytes`. @throws if the bytes are not gzip */
export type Gunzip = (bytes: Bytes, maxBytes: number) => Promise<Bytes | 'too-large'>;

/** Makes the unpacker of this runtime. Under Node it is synchronous: a stream costs fifteen times as much, and a body is too small to block other requests for long. */
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

/** Unpacks with a `DecompressionStream`, for runtimes other than Node. */
export const gunzipStream: Gunzip = async (bytes, maxBytes) => {
  let isTooLarge = false;
  try {
    const stream = new Blob([bytes])
      .stream()
      .pipeThrough(new DecompressionStream('gzip'))
      .pipeThrough(limitedTo(maxBytes, () => (isTooLarge = true)));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (cause) {
    if (isTooLarge) return 'too-large';
    throw cause;
  }
};

/**
 * Passes on at most `maxBytes`, and fails at the first further byte, so that a decompression bomb is not decompressed any further.
 */
function limitedTo(maxBytes: number, onExceeded: () => void): TransformStream<Bytes, Bytes> {
  let length = 0;
  return new TransformStream({
    transform(chunk, controller) {
      length += chunk.length;
      if (length <= maxBytes) {
        controller.enqueue(chunk);
        return;
      }
      onExceeded();
      controller.error(new RangeError(`More than ${maxBytes} bytes`));
    },
  });
}
