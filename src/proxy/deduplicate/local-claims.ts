import type { Bytes } from '../lib/bytes.ts';
import { createEventHash, type EventHash } from '../batch/event-hash.ts';
import type { AcceptedEvent } from '../batch/contract.ts';
import type { Accept } from './passage.ts';
import { createRecentKeys } from './recent-keys.ts';

/** The body of a batch, and the client key with which it was sent. */
export interface Origin {
  readonly clientKey: string;
  readonly bytes: Bytes;
}

/** The result of claiming the events of a batch: which of them the batch may send. */
export interface Claim {
  /**
   * Events that no other batch is sending or has sent, and events without an id. It is the same array as was passed in,
   * if these are all of its events.
   */
  readonly fresh: readonly AcceptedEvent[];
  /** Events that other batches are sending now. */
  readonly waiting: readonly AcceptedEvent[];
  /** How many events were accepted before, or are twice in this batch. */
  readonly duplicates: number;
  /** Resolves when the batches that send the `waiting` events have ended, whether they succeeded or failed. */
  readonly othersEnd: () => Promise<unknown>;
  /**
   * Marks events of `fresh`, or the events that hooks have returned for them, as accepted. May also be called after
   * `end`.
   */
  readonly accept: Accept;
  /** Ends the claim. Accepted events are remembered; the others may be sent by the next batch that contains them. */
  readonly end: () => void;
}

/** The events that this replica of the proxy is sending now, and has sent recently. */
export interface LocalClaims {
  /** Claims those of the events that no other batch has claimed. */
  claim(origin: Origin, acceptedEvents: readonly AcceptedEvent[]): Claim;
}

export interface LocalClaimsNeeds {
  /** Memory for the keys of events, in bytes. */
  readonly maxBytes: number;
  /** How long an accepted event is remembered, in milliseconds. */
  readonly windowMs: number;
  /** The most time for the delivery of a batch, in milliseconds. */
  readonly timeoutMs: number;
  readonly now?: () => number;
}

/**
 * The least difference between the numbers of two batches, in milliseconds: batches that arrive at the same time still
 * have different numbers.
 */
const TICK_MS = 1 / 1024;
/** A delivery that took less than this part of the window counts as accepted at the time when the batch arrived. */
const TOLERANCE = 1 / 64;

/**
 * Each batch has a number: the time at which it arrived. Its events are stored in the table under that number. While
 * the number is in `pending`, the events are being sent; later they count as accepted. So a success, which is the rule,
 * need not touch the entries again, and only events that were not accepted have to be removed.
 */
export function createLocalClaims({
  maxBytes,
  windowMs,
  timeoutMs,
  now = () => performance.now(),
}: LocalClaimsNeeds): LocalClaims {
  const keys = createRecentKeys(maxBytes, Math.max(windowMs, timeoutMs));
  let hash: EventHash | undefined;
  /** The batches that are being sent, by their number, with the functions to call when each one ends. */
  const pending = new Map<number, (() => void)[] | undefined>();
  let last = 0;

  function nextNumber(): number {
    last = Math.max(now(), last + TICK_MS);
    return last;
  }

  function hashOf({ clientKey, bytes }: Origin, acceptedEvents: readonly AcceptedEvent[]): Uint32Array {
    // Created with the first batch: Cloudflare Workers have no random numbers outside of a request.
    hash ??= createEventHash();
    return hash.of(clientKey, bytes, acceptedEvents);
  }

  const endOf = (number: number): Promise<void> =>
    new Promise((wake) => {
      if (pending.has(number)) pending.set(number, [...(pending.get(number) ?? []), wake]);
      else wake();
    });

  return {
    claim(origin, acceptedEvents) {
      const number = nextNumber();
      const found = hashOf(origin, acceptedEvents);
      const holders = keys.take(found, number);
      const { fresh, waiting, otherBatches } = holders
        ? sorted(holders)
        : { fresh: acceptedEvents, waiting: [], otherBatches: [] };
      pending.set(number, undefined);
      const accepted: (readonly AcceptedEvent[])[] = [];
      let isOver = false;

      function sorted(holders: Float64Array): Sorted {
        const waiting: AcceptedEvent[] = [];
        const otherBatches = new Set<number>();
        const fresh = acceptedEvents.filter((acceptedEvent, i) => {
          const holder = holders[i] ?? 0;
          if (holder === 0) return true;
          // The event is twice in this batch.
          if (holder === number) return false;
          if (pending.has(holder)) {
            waiting.push(acceptedEvent);
            otherBatches.add(holder);
            return false;
          }
          if (number - holder < windowMs) return false;
          // The entry is older than the window: this batch takes the key over. An event that is twice in the batch is
          // sent once.
          return keys.give(found[2 * i] ?? 0, found[2 * i + 1] ?? 0, number);
        });
        return { fresh, waiting, otherBatches: [...otherBatches] };
      }

      /** Calls `act` with the key of each event that has one and is `chosen`. */
      function each(
        chosen: (acceptedEvent: AcceptedEvent) => boolean,
        act: (first: number, second: number) => unknown,
      ): void {
        // The keys are computed again, instead of keeping them for all batches: few batches need this.
        const found = hashOf(origin, acceptedEvents);
        acceptedEvents.forEach((acceptedEvent, i) => {
          if (acceptedEvent.receivedSpan !== null && chosen(acceptedEvent))
            act(found[2 * i] ?? 0, found[2 * i + 1] ?? 0);
        });
      }

      /** Corrects the table when not all events were accepted, or when the delivery took long. */
      function correct(isLate: boolean): void {
        const kept = new Set(accepted.flat().map(spanOf));
        // An event may be twice in the batch: only the first one is sent.
        const ours = new Set(fresh);
        each(
          (acceptedEvent) => ours.has(acceptedEvent) && !kept.has(acceptedEvent.receivedSpan),
          (first, second) => keys.release(first, second, number),
        );
        if (!isLate) return;
        const later = nextNumber();
        each(
          ({ receivedSpan }) => kept.has(receivedSpan),
          (first, second) => keys.give(first, second, later),
        );
      }

      return {
        fresh,
        waiting,
        duplicates: acceptedEvents.length - fresh.length - waiting.length,
        othersEnd: () => Promise.all(otherBatches.map(endOf)),
        accept(part) {
          accepted.push(part);
          if (!isOver) return;
          // Another batch may have claimed the event since: its entry stays.
          const late = new Set(part.map(spanOf));
          const later = nextNumber();
          each(
            ({ receivedSpan }) => late.has(receivedSpan),
            (first, second) => keys.take(Uint32Array.of(first, second), later),
          );
        },
        end() {
          isOver = true;
          const isLate = now() - number > windowMs * TOLERANCE;
          const count = accepted.reduce((sum, { length }) => sum + length, 0);
          if (isLate || count < fresh.length) correct(isLate);
          const wakes = pending.get(number);
          pending.delete(number);
          wakes?.forEach((wake) => wake());
        },
      };
    },
  };
}

/** The events of a batch, of which some are known. */
interface Sorted {
  readonly fresh: readonly AcceptedEvent[];
  readonly waiting: readonly AcceptedEvent[];
  readonly otherBatches: readonly number[];
}

/** The position of the event in the body: hooks may replace the event, and its span stays the same. */
function spanOf({ receivedSpan }: AcceptedEvent): AcceptedEvent['receivedSpan'] {
  return receivedSpan;
}
