import { utf8 } from '../../protocol/wire.ts';
import { within } from '../lib/timeouts.ts';
import type { ClaimState, DeduplicateStore } from './store-contract.ts';
import type { Span } from '../batch/contract.ts';
import type { Origin } from './local-claims.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { AcceptedEvent } from '../batch/contract.ts';
import { createStoreHealth } from '../lib/store-health.ts';

/** What a batch may send on, as far as the other copies of the proxy are concerned. */
export interface SharedClaim {
  /** No other copy is sending these, nor has; or nobody can say so. */
  readonly fresh: readonly AcceptedEvent[];
  /** Another copy has sent these, and Customer.io has accepted them. */
  readonly done: readonly AcceptedEvent[];
  /** Another copy is sending these now. */
  readonly pending: readonly AcceptedEvent[];
  /** Customer.io has accepted these of `fresh`. May also be said when the claim is over. */
  accept(acceptedEvents: readonly AcceptedEvent[]): void;
  /** Tells the store what was accepted, and what was not. Resolves when it knows, or after a while. Never rejects. */
  end(): Promise<void>;
}

/** What all copies of the proxy are sending, and have sent lately. */
export interface SharedClaims {
  /** Never rejects: a store that fails is counted in `note`, and left out. */
  claim(origin: Origin, acceptedEvents: readonly AcceptedEvent[], note: LogNote): Promise<SharedClaim>;
}

/** A store is asked twice for each batch, while a browser waits. */
const STORE_TIMEOUT_MS = 1_000;
/** A store that has failed so often in a row is not asked for a while: one answer that came late says nothing of the next. */
const MOST_FAILURES = 3;
const REST_MS = 5_000;
/** What a delivery may take beyond its time until its claim is given back. */
const MARGIN_MS = 5_000;
const KEY_BYTES = 16;

/** What the store has said of one event. */
interface Asked {
  readonly acceptedEvent: AcceptedEvent;
  readonly key: string;
  readonly state: ClaimState | undefined;
}

/** @param timeoutMs the longest that a batch may be on its way */
export function createSharedClaims(store: DeduplicateStore, timeoutMs: number): SharedClaims {
  /** Who waits for another copy asks again and again. */
  const keys = new WeakMap<Span, Promise<string>>();
  const health = createStoreHealth({ mostFailures: MOST_FAILURES, restMs: REST_MS });
  let aloneUntilMs = 0;

  function keyOf({ clientKey, bytes }: Origin, span: Span): Promise<string> {
    const key = keys.get(span) ?? digest(clientKey, bytes.subarray(span.from, span.to));
    keys.set(span, key);
    return key;
  }

  async function ask(
    origin: Origin,
    acceptedEvents: readonly AcceptedEvent[],
    note: LogNote,
  ): Promise<readonly Asked[]> {
    const spans = acceptedEvents.flatMap(({ receivedSpan }) => receivedSpan ?? []);
    const hashed = await Promise.all(spans.map((span) => keyOf(origin, span)));
    const states = await store.claim(hashed, timeoutMs + MARGIN_MS, () => {
      note.unknown = (note.unknown ?? 0) + 1;
    });
    if (states.length !== hashed.length) throw new TypeError('A store must answer one state for each key.');
    return acceptedEvents.map((acceptedEvent, i) => ({
      acceptedEvent,
      key: hashed[i] ?? '',
      state: states[i],
    }));
  }

  /** `undefined`: the store has failed, or has not answered in time. */
  async function inTime<T>(answer: Promise<T>, note: LogNote): Promise<T | undefined> {
    try {
      const found = await within(STORE_TIMEOUT_MS, () => answer);
      health.succeeded();
      return found;
    } catch {
      health.failed();
      note.deduplicateFailures = (note.deduplicateFailures ?? 0) + 1;
      return undefined;
    }
  }

  /** Only what this copy has claimed: claims of other copies are theirs to end. Resolves to `true`. */
  async function tell({ done, unsent }: Ours): Promise<true> {
    await Promise.all([done.length > 0 && store.done(done), unsent.length > 0 && store.release(unsent)]);
    return true;
  }

  return {
    async claim(origin, acceptedEvents, note) {
      const named = acceptedEvents.filter(({ receivedSpan }) => receivedSpan !== null);
      if (named.length === 0 || performance.now() < aloneUntilMs || !health.mayAsk())
        return withoutOthers(acceptedEvents);
      const asking = ask(origin, named, note);
      const asked = await inTime(asking, note);
      const those = (state: ClaimState): readonly AcceptedEvent[] =>
        (asked ?? []).filter((each) => each.state === state).map(({ acceptedEvent }) => acceptedEvent);
      const [done, pending] = [those('done'), those('pending')];
      const elsewhere = new Set(done.concat(pending));
      const accepted = new Set<AcceptedEvent['receivedSpan']>();
      let isOver = false;
      return {
        fresh:
          elsewhere.size === 0
            ? acceptedEvents
            : acceptedEvents.filter((acceptedEvent) => !elsewhere.has(acceptedEvent)),
        done,
        pending,
        accept(acceptedEvents) {
          for (const { receivedSpan } of acceptedEvents) accepted.add(receivedSpan);
          const late =
            asked
              ?.filter(({ acceptedEvent }) => accepted.has(acceptedEvent.receivedSpan))
              .map(({ key }) => key) ?? [];
          // Whoever has claimed it meanwhile may know, too: it is true.
          if (isOver && late.length > 0) void (async () => store.done(late))().catch(() => {});
        },
        async end() {
          isOver = true;
          if (!asked) {
            // A claim whose answer came too late would otherwise stay until it expires.
            void asking.then((late) => tell(oursIn(late, accepted))).catch(() => {});
            return;
          }
          const ours = oursIn(asked, accepted);
          const isTold = await inTime(tell(ours), note);
          // The store still says of events that could not be released that they are on their way: this copy sends them alone.
          if (!isTold && ours.unsent.length > 0) aloneUntilMs = performance.now() + REST_MS;
        },
      };
    },
  };
}

/** Keys that this copy has claimed. */
interface Ours {
  /** Customer.io has accepted these. */
  readonly done: readonly string[];
  readonly unsent: readonly string[];
}

function oursIn(asked: readonly Asked[], accepted: ReadonlySet<AcceptedEvent['receivedSpan']>): Ours {
  const ours = asked.filter(({ state }) => state === 'new');
  const isDone = ({ acceptedEvent }: Asked): boolean => accepted.has(acceptedEvent.receivedSpan);
  const keysOf = (some: readonly Asked[]): readonly string[] => some.map(({ key }) => key);
  return { done: keysOf(ours.filter(isDone)), unsent: keysOf(ours.filter((each) => !isDone(each))) };
}

function withoutOthers(fresh: readonly AcceptedEvent[]): SharedClaim {
  return { fresh, done: [], pending: [], accept: () => {}, end: async () => {} };
}

async function digest(clientKey: string, event: Uint8Array): Promise<string> {
  const key = utf8.encode(clientKey);
  const text = new Uint8Array(key.length + 1 + event.length);
  text.set(key);
  text.set(event, key.length + 1);
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', text), 0, KEY_BYTES);
  const base64 = btoa(String.fromCharCode(...hash));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
