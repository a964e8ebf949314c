import { within } from '../proxy/deadline.ts';
import type { ClaimState, DeduplicateStore } from '../proxy/deduplicate-store.ts';

/** Knows which messages have been forwarded, so that one that comes again is not. */
export interface Once {
  /** Whoever is told `new` has to say `done` or `release`. */
  claim(data: Uint8Array): Promise<Claim>;
}

export interface Claim {
  /** `new` also where the store does not answer: a message that comes twice is better than one that is lost. */
  readonly state: ClaimState;
  done(): void;
  release(): void;
}

const ANSWER_MS = 1_000;
const REST_MS = 5_000;
const KEY_BYTES = 16;

/** As many keys as one call of a store has at most. */
const MOST_KEYS = 100;

/** @param claimMs how long a claim holds, where whoever has it dies */
export function createOnce(
  store: DeduplicateStore,
  claimMs: () => number,
  onError: (error: unknown) => void,
): Once {
  let restsUntil = 0;

  /** A store that fails is left alone for a while. */
  function failed(error: unknown): void {
    restsUntil = performance.now() + REST_MS;
    onError(error);
  }

  const ask = gathered<ClaimState>(async (keys) => {
    if (performance.now() < restsUntil) return keys.map(() => 'new');
    try {
      const states = await within(ANSWER_MS, () => store.claim(keys, claimMs()));
      if (states.length !== keys.length) throw new TypeError('A store must answer one state for each key.');
      return states;
    } catch (error) {
      failed(error);
      return keys.map(() => 'new');
    }
  });
  const tell = (say: (keys: readonly string[]) => Promise<unknown>): ((key: string) => void) => {
    const said = gathered<undefined>(async (keys) => {
      // What Customer.io has accepted the store itself tries to write again and again; nobody waits for that.
      say(keys).catch(failed);
      return keys.map(() => undefined);
    });
    return (key) => void said(key);
  };
  const done = tell((keys) => store.done(keys));
  const release = tell((keys) => store.release(keys));

  return {
    async claim(data) {
      const key = await keyOf(data);
      return { state: await ask(key), done: () => done(key), release: () => release(key) };
    },
  };
}

/** Makes one call of those that come in one turn of the event loop. */
function gathered<T>(call: (keys: readonly string[]) => Promise<readonly T[]>): (key: string) => Promise<T> {
  let waiting: { readonly key: string; readonly resolve: (value: T) => void }[] = [];

  async function run(): Promise<void> {
    const group = waiting.splice(0, MOST_KEYS);
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

/** The same for the same bytes: another message may have the same events, and is told by the proxy. */
async function keyOf(data: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', Uint8Array.from(data));
  const text = String.fromCharCode(...new Uint8Array(hash).subarray(0, KEY_BYTES));
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
