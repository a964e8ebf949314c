import type { Bytes } from '../lib/bytes.ts';
import { createEventHash, type EventHash } from '../batch/event-hash.ts';
import type { AcceptedEvent } from '../batch/contract.ts';
import type { Accept } from './passage.ts';
import { createRecentKeys } from './recent-keys.ts';

/** The body of a batch, and who has sent it. */
export interface Origin {
  readonly clientKey: string;
  readonly bytes: Bytes;
}

/** What one batch may send on. */
export interface Claim {
  /** Nobody else is sending these, nor has; or they have no id. The very array that was given, where that is all of them. */
  readonly fresh: readonly AcceptedEvent[];
  /** Those that other batches are sending now. */
  readonly waiting: readonly AcceptedEvent[];
  /** How many were accepted before, or stand twice in this batch. */
  readonly duplicates: number;
  /** Resolves when the other batches have ended, well or not. */
  readonly othersEnd: () => Promise<unknown>;
  /** Customer.io has accepted these of `fresh`, or what hooks have made of them. May also be said when the claim is over. */
  readonly accept: Accept;
  /** The claim is over: what was accepted is remembered, and whoever comes with the rest may send it. */
  readonly end: () => void;
}

/** What this copy of the proxy is sending, and has sent lately. */
export interface LocalClaims {
  claim(origin: Origin, acceptedEvents: readonly AcceptedEvent[]): Claim;
}

export interface LocalClaimsNeeds {
  /** For the keys of events. */
  readonly maxBytes: number;
  /** For how long an event is remembered, from when it was accepted, in milliseconds. */
  readonly windowMs: number;
  /** The longest that a batch may be on its way, in milliseconds. */
  readonly timeoutMs: number;
  readonly now?: () => number;
}

/** Two batches of one moment still have different numbers. In milliseconds. */
const TICK_MS = 1 / 1024;
/** What is on its way for less of the window than this is remembered from when it came. */
const TOLERANCE = 1 / 64;

/**
 * Every batch has a number, the moment in which it came, under which its events stand in the table. While that number is in
 * `pending` they are on their way; afterwards they have been accepted. So success, which is the rule, touches no event
 * again, and only what was not accepted has to be taken out.
 */
export function createLocalClaims({
  maxBytes,
  windowMs,
  timeoutMs,
  now = () => performance.now(),
}: LocalClaimsNeeds): LocalClaims {
  const keys = createRecentKeys(maxBytes, Math.max(windowMs, timeoutMs));
  let hash: EventHash | undefined;
  /** By the number of the batch: whom to wake when it ends. */
  const pending = new Map<number, (() => void)[] | undefined>();
  let last = 0;

  function nextNumber(): number {
    last = Math.max(now(), last + TICK_MS);
    return last;
  }

  function hashOf({ clientKey, bytes }: Origin, acceptedEvents: readonly AcceptedEvent[]): Uint32Array {
    // Not before the first batch: Workers give no random numbers outside of a request.
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
      const { fresh, waiting, others } = holders
        ? sorted(holders)
        : { fresh: acceptedEvents, waiting: [], others: [] };
      pending.set(number, undefined);
      const accepted: (readonly AcceptedEvent[])[] = [];
      let isOver = false;

      function sorted(holders: Float64Array): Sorted {
        const waiting: AcceptedEvent[] = [];
        const others = new Set<number>();
        const fresh = acceptedEvents.filter((acceptedEvent, i) => {
          const holder = holders[i] ?? 0;
          if (holder === 0) return true;
          // It stands twice in this batch.
          if (holder === number) return false;
          if (pending.has(holder)) {
            waiting.push(acceptedEvent);
            others.add(holder);
            return false;
          }
          if (number - holder < windowMs) return false;
          // Of an old one that stands twice in this batch, too, the first one goes on.
          return keys.give(found[2 * i] ?? 0, found[2 * i + 1] ?? 0, number);
        });
        return { fresh, waiting, others: [...others] };
      }

      /** For those of the batch that can be recognised and are `chosen`. */
      function each(
        chosen: (acceptedEvent: AcceptedEvent) => boolean,
        act: (first: number, second: number) => unknown,
      ): void {
        // Again, instead of keeping them for all batches: few ends are not the usual one.
        const found = hashOf(origin, acceptedEvents);
        acceptedEvents.forEach((acceptedEvent, i) => {
          if (acceptedEvent.receivedSpan !== null && chosen(acceptedEvent))
            act(found[2 * i] ?? 0, found[2 * i + 1] ?? 0);
        });
      }

      /** What an end that is not the usual one takes. */
      function correct(isLate: boolean): void {
        const kept = new Set(accepted.flat().map(cameOf));
        // Of an event that stands twice in the batch only the first one is ours to send.
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
        othersEnd: () => Promise.all(others.map(endOf)),
        accept(part) {
          accepted.push(part);
          if (!isOver) return;
          // Others may have taken over meanwhile: those have it.
          const late = new Set(part.map(cameOf));
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

interface Sorted {
  readonly fresh: readonly AcceptedEvent[];
  readonly waiting: readonly AcceptedEvent[];
  readonly others: readonly number[];
}

function cameOf({ receivedSpan }: AcceptedEvent): AcceptedEvent['receivedSpan'] {
  return receivedSpan;
}
