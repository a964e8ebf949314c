import { within } from '../lib/timeouts.ts';
import type { ClaimState, DeduplicateStore } from '../deduplicate/store-contract.ts';
import { unpackBatch } from '../broker/message.ts';
import { utf8 } from '../../protocol/wire.ts';

/** Knows which events have been forwarded, so that those that come again are not. */
export interface MessageDeduplication {
  /** Whoever is told `new` has to say `done` or `release`. */
  claim(message: Uint8Array): Promise<MessageClaim>;
}

export interface MessageClaim {
  /** `pending`: another forwarder is sending some of its events. `done`: all of them have arrived. */
  readonly state: ClaimState;
  /** With `new`: the message without those events that have arrived. */
  readonly message: Uint8Array;
  done(): void;
  release(): void;
}

/** No browser waits for it. */
const ANSWER_MS = 5_000;
/** A store that has failed so often in a row is left alone for a while: one answer that came late says nothing of the next. */
const MOST_FAILURES = 3;
const REST_MS = 5_000;
const KEY_BYTES = 16;
/** As one call of a store has at most. */
const MOST_KEYS = 500;

/** @param claimMs how long a claim holds, where whoever has it dies */
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

  /** Where the store does not answer all are new: an event that comes twice is better than one that is lost. */
  const ask = gathered<ClaimState>(async (keys) => {
    if (performance.now() < restsUntil) return keys.map(() => 'new');
    try {
      const states = await within(ANSWER_MS, () => store.claim(keys, claimMs()));
      if (states.length !== keys.length) throw new TypeError('A store must answer one state for each key.');
      failures = 0;
      return states;
    } catch (error) {
      failed(error);
      return keys.map(() => 'new');
    }
  });
  /** What Customer.io has accepted the store itself tries to write again and again; nobody waits for that. */
  const tell = (say: (keys: readonly string[]) => Promise<unknown>): ((keys: readonly string[]) => void) => {
    const said = gathered<undefined>(async (keys) => {
      say(keys).catch(onError);
      return keys.map(() => undefined);
    });
    return (keys) => keys.forEach((key) => void said(key));
  };
  const done = tell((keys) => store.done(keys));
  const release = tell((keys) => store.release(keys));

  return {
    async claim(message) {
      const unpacked = unpackBatch(message);
      // The forwarder says what is to be done with it.
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

/** Two events without an id may be the same to the byte, and be two. */
const isId = (messageId: unknown): boolean => typeof messageId === 'string' && messageId !== '';

/** Makes one call of those that come in one turn of the event loop. */
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

/** None of a proxy, so that proxies and forwarders may have one store. */
async function keyOf(event: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', utf8.encode(`forwarded\n${event}`));
  const text = String.fromCharCode(...new Uint8Array(hash).subarray(0, KEY_BYTES));
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
