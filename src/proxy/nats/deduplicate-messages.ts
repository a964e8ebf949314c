import { within } from '../lib/timeouts.ts';
import type { ClaimState, DeduplicateStore } from '../deduplicate/store-contract.ts';
import { unpackBatch } from '../broker/message.ts';
import { utf8 } from '../../protocol/wire.ts';

/** Recognises events that were forwarded before, so that they are not forwarded again. */
export interface MessageDeduplication {
  /** Claims the events of a message. After `new`, the caller has to call `done` or `release`. */
  claim(message: Uint8Array): Promise<MessageClaim>;
}

/** The result of claiming the events of a message. */
export interface MessageClaim {
  /**
   * `new`: some events are to be forwarded. `pending`: another forwarder is sending some of them. `done`: all of them
   * were forwarded.
   */
  readonly state: ClaimState;
  /** With `new`: the message without the events that were forwarded before. */
  readonly message: Uint8Array;
  /** Marks the claimed events as forwarded. */
  done(): void;
  /** Releases the claimed events, which were not forwarded. */
  release(): void;
}

/** How long a call of the store may take. It is longer than in the proxy, because no browser waits. */
const ANSWER_MS = 5_000;
/**
 * A store that has failed this often in a row is not called for `REST_MS`: one late response does not mean that the
 * next call fails.
 */
const MOST_FAILURES = 3;
const REST_MS = 5_000;
const KEY_BYTES = 16;
/** The most keys in one call of the store. */
const MOST_KEYS = 500;

/** @param claimMs returns how long a claim holds if its forwarder stops unexpectedly, in milliseconds */
export function createMessageDeduplication(
  store: DeduplicateStore,
  claimMs: () => number,
  onError: (error: unknown) => void,
): MessageDeduplication {
  let failures = 0;
  let restsUntil = 0;

  function failed(error: unknown): void {
    failures += 1;
    if (failures % MOST_FAILURES === 0) restsUntil = performance.now() + REST_MS;
    onError(error);
  }

  /**
   * Without a response of the store, all events count as new: an event that is sent twice is better than one that is
   * lost.
   */
  const ask = gathered<ClaimState>(async (keys) => {
    if (performance.now() < restsUntil) return keys.map(() => 'new');
    try {
      const states = await within(ANSWER_MS, () => store.claim(keys, claimMs()));
      if (states.length !== keys.length) throw new TypeError('The store must return one state for each key.');
      failures = 0;
      return states;
    } catch (error) {
      failed(error);
      return keys.map(() => 'new');
    }
  });
  /**
   * Reports keys to the store without waiting: the store itself repeats failed writes for events that Customer.io has
   * accepted.
   */
  const tell = (call: (keys: readonly string[]) => Promise<unknown>): ((keys: readonly string[]) => void) => {
    const report = gathered<undefined>(async (keys) => {
      call(keys).catch(onError);
      return keys.map(() => undefined);
    });
    return (keys) => keys.forEach((key) => void report(key));
  };
  const done = tell((keys) => store.done(keys));
  const release = tell((keys) => store.release(keys));

  return {
    async claim(message) {
      const unpacked = unpackBatch(message);
      // The forwarder decides what happens to a message that cannot be read.
      if (unpacked.kind !== 'batch') return { state: 'new', message, done() {}, release() {} };
      const { batch, sentAt } = unpacked.batch;
      const texts = batch.map((event) => JSON.stringify(event));
      const keyed = await Promise.all(
        batch.map(async ({ messageId }, i) => (isId(messageId) ? keyOf(texts[i] ?? '') : null)),
      );
      const keys = [...new Set(keyed.filter((key) => key !== null))];
      const states = new Map(await Promise.all(keys.map(async (key) => [key, await ask(key)] as const)));
      const own = keys.filter((key) => states.get(key) === 'new');
      const claim = { message, done: () => done(own), release: () => release(own) };
      if (own.length === keys.length) return { ...claim, state: 'new' };
      if ([...states.values()].includes('pending')) {
        release(own);
        return { ...claim, state: 'pending' };
      }
      const left = texts.filter((_, i) => states.get(keyed[i] ?? '') !== 'done');
      if (left.length === 0) return { ...claim, state: 'done' };
      const tail = sentAt === undefined ? '' : `,"sentAt":${JSON.stringify(sentAt)}`;
      return {
        ...claim,
        state: 'new',
        message: utf8.encode(`{"version":1,"batch":[${left.join(',')}]${tail}}`),
      };
    },
  };
}

/** Whether the event has an id. Two events without one can be equal byte for byte, and still be two events. */
const isId = (messageId: unknown): boolean => typeof messageId === 'string' && messageId !== '';

/** Makes one call for all keys of one turn of the event loop. */
function gathered<T>(call: (keys: readonly string[]) => Promise<readonly T[]>): (key: string) => Promise<T> {
  let waiting: { readonly key: string; readonly resolve: (value: T) => void }[] = [];

  async function run(): Promise<void> {
    const group = waiting.slice(0, MOST_KEYS);
    waiting = waiting.slice(MOST_KEYS);
    if (waiting.length > 0) void run();
    const values = await call(group.map(({ key }) => key));
    for (const [i, value] of values.entries()) group[i]?.resolve(value);
  }

  return (key) =>
    new Promise((resolve) => {
      if (waiting.length === 0) setTimeout(() => void run(), 0);
      waiting.push({ key, resolve });
    });
}

/** The key of an event. It differs from the keys of a proxy, so that proxies and forwarders can share a store. */
async function keyOf(event: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', utf8.encode(`forwarded\n${event}`));
  const text = String.fromCharCode(...new Uint8Array(hash).subarray(0, KEY_BYTES));
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
