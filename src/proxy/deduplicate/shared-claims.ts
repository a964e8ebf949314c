import { utf8 } from '../../protocol/wire.ts';
import { within } from '../lib/timeouts.ts';
import type { ClaimState, DeduplicateStore } from './store-contract.ts';
import type { Span } from '../batch/contract.ts';
import type { Origin } from './local-claims.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { AcceptedEvent } from '../batch/contract.ts';
import { createStoreHealth } from '../lib/store-health.ts';

/** The result of claiming the events of a batch in the store that all replicas share. */
export interface SharedClaim {
  /** Events that no other copy is sending or has sent, as far as the store can tell. */
  readonly fresh: readonly AcceptedEvent[];
  /** Events that another copy has sent and Customer.io has accepted. */
  readonly done: readonly AcceptedEvent[];
  /** Events that another copy is sending now. */
  readonly pending: readonly AcceptedEvent[];
  /** Marks events of `fresh` as accepted. May also be called after `end`. */
  accept(acceptedEvents: readonly AcceptedEvent[]): void;
  /**
   * Reports to the store which events were accepted and which were not. Resolves when the store has confirmed it, or
   * after a time limit. Never rejects.
   */
  end(): Promise<void>;
}

/** The events that all copies of the proxy are sending now, and have sent recently. */
export interface SharedClaims {
  /**
   * Claims events in the store. Never rejects: a failure of the store is counted in `note`, and all events count as
   * fresh.
   */
  claim(origin: Origin, acceptedEvents: readonly AcceptedEvent[], note: LogNote): Promise<SharedClaim>;
}

/** How long a call of the store may take. There are two calls for each batch, while a browser waits. */
const STORE_TIMEOUT_MS = 1_000;
/**
 * A store that has failed this often in a row is not called for `REST_MS`: one late answer says nothing about the next
 * call.
 */
const MOST_FAILURES = 3;
const REST_MS = 5_000;
/** How much longer than the time for a delivery a claim holds. */
const MARGIN_MS = 5_000;
const KEY_BYTES = 16;

/** An event with its key, and its state in the store. */
interface Asked {
  readonly acceptedEvent: AcceptedEvent;
  readonly key: string;
  readonly state: ClaimState | undefined;
}

/** @param timeoutMs the most time for the delivery of a batch */
export function createSharedClaims(store: DeduplicateStore, timeoutMs: number): SharedClaims {
  /** Keys by the span of their event: a batch that waits for another copy claims the same events again and again. */
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
    if (states.length !== hashed.length) throw new TypeError('The store must return one state for each key.');
    return acceptedEvents.map((acceptedEvent, i) => ({
      acceptedEvent,
      key: hashed[i] ?? '',
      state: states[i],
    }));
  }

  /** Waits for an answer of the store. Returns `undefined` when the store fails, or does not answer in time. */
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

  /** Ends the claims of this copy only: claims of other copies are ended by these. Resolves to `true`. */
  async function tell({ done, unsent }: Ours): Promise<true> {
    await Promise.all([done.length > 0 && store.done(done), unsent.length > 0 && store.release(unsent)]);
    return true;
  }

  return {
    async claim(origin, acceptedEvents, note) {
      const withId = acceptedEvents.filter(({ receivedSpan }) => receivedSpan !== null);
      if (withId.length === 0 || performance.now() < aloneUntilMs || !health.mayAsk())
        return withoutStore(acceptedEvents);
      const asking = ask(origin, withId, note);
      const asked = await inTime(asking, note);
      const eventsIn = (state: ClaimState): readonly AcceptedEvent[] =>
        (asked ?? []).filter((entry) => entry.state === state).map(({ acceptedEvent }) => acceptedEvent);
      const [done, pending] = [eventsIn('done'), eventsIn('pending')];
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
          // Stored as done even if another copy has claimed the event since: Customer.io has accepted it.
          if (isOver && late.length > 0) void (async () => store.done(late))().catch(() => {});
        },
        async end() {
          isOver = true;
          if (!asked) {
            // A claim whose answer came too late is ended as well: otherwise it would stay until it expires.
            void asking.then((late) => tell(oursIn(late, accepted))).catch(() => {});
            return;
          }
          const ours = oursIn(asked, accepted);
          const isTold = await inTime(tell(ours), note);
          // Events that could not be released stay claimed in the store. So that no batch waits for these claims, this
          // copy goes on without the store for a while.
          if (!isTold && ours.unsent.length > 0) aloneUntilMs = performance.now() + REST_MS;
        },
      };
    },
  };
}

/** The keys that this copy has claimed. */
interface Ours {
  /** Keys of events that Customer.io has accepted. */
  readonly done: readonly string[];
  /** Keys of events that were not sent, or not accepted. */
  readonly unsent: readonly string[];
}

function oursIn(asked: readonly Asked[], accepted: ReadonlySet<AcceptedEvent['receivedSpan']>): Ours {
  const ours = asked.filter(({ state }) => state === 'new');
  const isDone = ({ acceptedEvent }: Asked): boolean => accepted.has(acceptedEvent.receivedSpan);
  const keysOf = (entries: readonly Asked[]): readonly string[] => entries.map(({ key }) => key);
  return { done: keysOf(ours.filter(isDone)), unsent: keysOf(ours.filter((entry) => !isDone(entry))) };
}

function withoutStore(fresh: readonly AcceptedEvent[]): SharedClaim {
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
