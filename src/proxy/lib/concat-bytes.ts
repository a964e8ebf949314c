import type { Bytes } from './bytes.ts';

/** Joins pieces of `length` bytes in all. A single piece is not copied. */
export function concatBytes(chunks: readonly Uint8Array[], length: number): Bytes {
  const [first] = chunks;
  if (first && chunks.length === 1 && first.buffer instanceof ArrayBuffer)
    return new Uint8Array(first.buffer, first.byteOffset, length);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
