import { utf8 } from '../../protocol/wire.ts';
import type { Bytes } from '../lib/bytes.ts';
import type { Span } from './contract.ts';

/** An event that can be recognised by its bytes in a received body; `null`: it cannot. */
export interface Recognisable {
  readonly receivedSpan: Span | null;
}

/** Hashes events, each to 64 bits. */
export interface EventHash {
  /**
   * Returns two numbers of 32 bits for each of `events`, in their order. The array is reused: it is valid until the next call.
   * The first of the two numbers is never 0. Both are equal for the same client key and the same bytes, wherever in a body
   * these are. Both are 0 for an event without a `receivedSpan`, and for less than sixteen bytes, which no event with an id has.
   */
  of(clientKey: string, bytes: Bytes, events: readonly Recognisable[]): Uint32Array;
}

/** The bytes that one turn of the loop reads: four words of four bytes, with two lanes for each word. */
const STRIPE = 16;
const LANES = 8;

/**
 * Makes a hash with a random seed. Every accepted event is hashed, so the hash is most of what deduplication costs, which
 * `npm run bench:proxy -- --cost` measures. The lanes are independent of each other, so that a multiplication need not wait
 * for the one before. `crypto.subtle` would need a promise for each event.
 *
 * Every step uses numbers of the seed, which only this process has, so that an attacker cannot make an event with the hash of
 * another event. Each word goes into two lanes. A difference in the highest bit alone passes a multiplication unchanged, and the
 * next word of the same lane could cancel it. So the two lanes rotate their state by different numbers of bits (5 and 21, half a
 * word apart), and take different words next.
 *
 * @param seed ten numbers; random by default
 */
export function createEventHash(seed: Uint32Array = randomSeed()): EventHash {
  const start = Int32Array.from(seed.subarray(0, LANES));
  // The factors are odd: a multiplication by an even number would lose the highest bit.
  const low = (seed[LANES] ?? 0) | 1;
  const high = (seed[LANES + 1] ?? 0) | 1;

  /** Hashes the bytes from `from` to `to`, at least sixteen, and writes the two numbers to `into`. `keyed`: the initial states of the lanes. */
  function hash(
    view: DataView,
    from: number,
    to: number,
    keyed: Int32Array,
    into: Uint32Array,
    at: number,
  ): void {
    // The states are read one by one: with a destructured array V8 no longer treats them as integers, and hashing takes half as long again.
    let a0 = keyed[0] ?? 0;
    let a1 = keyed[1] ?? 0;
    let a2 = keyed[2] ?? 0;
    let a3 = keyed[3] ?? 0;
    let b0 = keyed[4] ?? 0;
    let b1 = keyed[5] ?? 0;
    let b2 = keyed[6] ?? 0;
    let b3 = keyed[7] ?? 0;
    const last = to - STRIPE;
    // Local copies, so that V8 keeps the factors in registers also where a process has several proxies.
    const byLow = low;
    const byHigh = high;
    for (let i = from; ; i += STRIPE) {
      // The last turn begins sixteen bytes before the end, and may read some bytes again. The length, which is hashed too, says how many.
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
      // Each state moves to the next lane.
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
    // In tables of hashes, 0 marks an empty slot.
    into[at] = first === 0 ? 1 : first;
    into[at + 1] = second;
  }

  /** The result, reused by all calls: a new typed array costs as much as hashing ten events. */
  let hashes = new Uint32Array(LANES);
  /** The lanes of the client key of the last call: the next call is mostly for the same key. */
  let known = { clientKey: '', lanes: startFor('') };

  /** The initial states of the lanes for one client key: the same event of two sites has two hashes. */
  function startFor(clientKey: string): Int32Array {
    const key = utf8.encode(clientKey);
    // Sixteen zeros in front: a hash needs sixteen bytes. Keys of different lengths differ, since the length is hashed too.
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
      for (const { receivedSpan: span } of events) {
        if (span !== null && span.to - span.from >= STRIPE) hash(view, span.from, span.to, lanes, hashes, at);
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

/** Lets every bit of the state change every bit of the result (the finalizer of MurmurHash3): tables find places by the lowest bits. */
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
