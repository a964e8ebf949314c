import { areSameBytes, hashOfBytes } from './compare-bytes.ts';
import { textIn } from './json-bytes.ts';

/** Reads the text whose JSON, with its quotes, is between `from` and `to`. */
export type ReadText = (bytes: Uint8Array, from: number, to: number) => string;

/** Most bytes of a text that is stored: longer texts mostly differ from event to event. */
const LONGEST_BYTES = 64;
/** Most texts that are stored, which take about 50 KB. */
const MOST_TEXTS = 256;

interface KnownText {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/**
 * Makes a reader for texts that repeat, such as names of events. A text that was read before is found by the hash of its bytes,
 * which takes a tenth of the time of decoding it.
 */
export function createTextCache(): ReadText {
  const known = new Map<number, KnownText>();
  return (bytes, from, to) => {
    const length = to - from;
    if (length > LONGEST_BYTES) return textIn(bytes, from, to);
    const hash = hashOfBytes(length, bytes, from, to);
    const found = known.get(hash);
    if (found && found.bytes.length === length && areSameBytes(bytes, from, found.bytes, 0, length))
      return found.text;
    const text = textIn(bytes, from, to);
    // A sender of ever new texts can only clear this memory, not fill it.
    if (known.size >= MOST_TEXTS) known.clear();
    known.set(hash, { bytes: bytes.slice(from, to), text });
    return text;
  };
}
