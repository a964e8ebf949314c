import { utf8 } from '../../protocol/wire.ts';
import type { Bytes } from '../http/body.ts';

/** Where something is among bytes. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What may be recognised by the bytes in which it came. */
export interface Recognisable {
  readonly came: Span | null;
}

/** Hashes events, each to 64 bits. */
export interface EventHash {
  /**
   * Two numbers of 32 bits for each of `events`, in their order, as long as nothing else is asked; the first of the two is
   * never 0. They say the same for the same client key and the same bytes, wherever in a body these are. Both are 0 for what
   * cannot be recognised, and for less than sixteen bytes, which no event with an id has.
   */
  of(clientKey: string, bytes: Bytes, events: readonly Recognisable[]): Uint32Array;
}

/** Sixteen bytes are read in one turn: four words, two lanes for each. */
const STRIPE = 16;
const LANES = 8;

/**
 * Every event that passes is hashed, so this is most of what deduplication costs, which `npm run bench:proxy -- --cost`
 * measures. Several lanes go side by side: a multiplication need not wait for the one before.
 * `crypto.subtle` would need a promise for each event.
 *
 * Numbers that only this process knows are in every step, so that nobody can prepare an event with the hash of another one.
 * Each word goes into two lanes. What differs in the highest bit alone passes a multiplication unchanged, and could be taken
 * back by the next word of the lane: so the two turn the word by half of it against each other, and the next word that one of
 * them takes is not the next word of the other.
 *
 * @param seed ten numbers; random by default
 */
export function createEventHash(seed: Uint32Array = randomSeed()): EventHash {
  const start = Int32Array.from(seed.subarray(0, LANES));
  // Odd: a multiplication by an even number would lose the highest bit.
  const low = (seed[LANES] ?? 0) | 1;
  const high = (seed[LANES + 1] ?? 0) | 1;

  /** Writes the two numbers to `into`. `keyed`: where the lanes begin. There must be sixteen bytes at least. */
  function hash(
    view: DataView,
    from: number,
    to: number,
    keyed: Int32Array,
    into: Uint32Array,
    at: number,
  ): void {
    // One by one: taken apart from an array, they are no longer integers for V8, and all of it takes half as long again.
    let a0 = keyed[0] ?? 0;
    let a1 = keyed[1] ?? 0;
    let a2 = keyed[2] ?? 0;
    let a3 = keyed[3] ?? 0;
    let b0 = keyed[4] ?? 0;
    let b1 = keyed[5] ?? 0;
    let b2 = keyed[6] ?? 0;
    let b3 = keyed[7] ?? 0;
    const last = to - STRIPE;
    // Of this function, so that they stay in registers where there are several proxies in a process.
    const byLow = low;
    const byHigh = high;
    for (let i = from; ; i += STRIPE) {
      // The last turn reads some bytes again, to have sixteen; where they begin follows from the length, which counts too.
      if (i > last) i = last;
      const w0 = view.getInt32(i, true);
      const w1 = view.getInt32(i + 4, true);
      const w2 = view.getInt32(i + 8, true);
      const w3 = view.getInt32(i + 12, true);
      a0 ^= w0;
      a1 ^= w1;
      a2 ^= w2;
      a3 ^= w3;
      a0 = Math.imul((a0 << 5) | (a0 >>> 27), byLow);
      a1 = Math.imul((a1 << 5) | (a1 >>> 27), byLow);
      a2 = Math.imul((a2 << 5) | (a2 >>> 27), byLow);
      a3 = Math.imul((a3 << 5) | (a3 >>> 27), byLow);
      b0 = (b0 + w0) | 0;
      b1 = (b1 + w1) | 0;
      b2 = (b2 + w2) | 0;
      b3 = (b3 + w3) | 0;
      // Each goes on in the lane beside it.
      const b = b0;
      b0 = Math.imul((b1 << 21) | (b1 >>> 11), byHigh);
      b1 = Math.imul((b2 << 21) | (b2 >>> 11), byHigh);
      b2 = Math.imul((b3 << 21) | (b3 >>> 11), byHigh);
      b3 = Math.imul((b << 21) | (b >>> 11), byHigh);
      if (i === last) break;
    }
    const length = to - from;
    let first = stir(stir(stir(stir(length, a0, low), a1, low), a2, low), a3, low);
    first = spread(stir(stir(stir(stir(first, b0, low), b1, low), b2, low), b3, low));
    let second = stir(stir(stir(stir(length, b3, high), a2, high), b1, high), a0, high);
    second = spread(stir(stir(stir(stir(second, b2, high), a3, high), b0, high), a1, high));
    // 0 means that a place is empty.
    into[at] = first === 0 ? 1 : first;
    into[at + 1] = second;
  }

  /** Always the same: an array of typed numbers that is made anew costs as much as ten events. */
  let hashes = new Uint32Array(LANES);
  /** Of the client key that came last, which is mostly the next one. */
  let known = { clientKey: '', lanes: startFor('') };

  /** Where the lanes begin for the events of one client key: nobody's event is taken for that of another site. */
  function startFor(clientKey: string): Int32Array {
    const key = utf8.encode(clientKey);
    // With its length, and long enough.
    const padded = new Uint8Array(STRIPE + key.length);
    padded.set(key, STRIPE);
    const own = new Uint32Array(2);
    hash(viewOf(padded), 0, padded.length, start, own, 0);
    return start.map((lane, i) => lane ^ (own[i % 2] ?? 0));
  }

  return {
    of(clientKey, bytes, events) {
      if (clientKey !== known.clientKey) known = { clientKey, lanes: startFor(clientKey) };
      const { lanes } = known;
      const view = viewOf(bytes);
      if (hashes.length < events.length * 2) hashes = new Uint32Array(events.length * 4);
      let at = 0;
      for (const { came } of events) {
        if (came !== null && came.to - came.from >= STRIPE) hash(view, came.from, came.to, lanes, hashes, at);
        else hashes.fill(0, at, at + 2);
        at += 2;
      }
      return hashes.subarray(0, at);
    },
  };
}

function stir(state: number, lane: number, by: number): number {
  return Math.imul(((state << 13) | (state >>> 19)) ^ lane, by);
}

/** Every bit of a lane on every bit of what is kept: places are found by the lowest bits. */
function spread(state: number): number {
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}

function randomSeed(): Uint32Array {
  return crypto.getRandomValues(new Uint32Array(LANES + 2));
}
