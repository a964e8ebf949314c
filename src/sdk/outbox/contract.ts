import type { DropReason } from '../events.ts';

/** A captured event in the outbox. It is serialised once, at the call that makes it. */
export interface OutboxEvent {
  /** The event's `messageId`. */
  readonly id: string;
  /** Time of the call, in milliseconds since the epoch. */
  readonly at: number;
  /** The event in JSON, as it is sent. */
  readonly json: string;
  /** Size of `json` in UTF-8. */
  readonly bytes: number;
}

/** An event and the place in the store from which it was read. */
export interface WaitingEvent extends OutboxEvent {
  /** Key of the record that holds the event. 0: the place is not known. */
  readonly place: number;
}

/** The counts of a store. `tracked` always equals `delivered` + `pending` + the sum of `dropped`. */
export interface Ledger {
  /** Name of the log to which the counts belong, from its first event on. A log that is begun after a deletion has another name. */
  readonly log?: string | undefined;
  /** Number of events that were appended. */
  readonly tracked: number;
  /** Number of events that the proxy has accepted. */
  readonly delivered: number;
  /** Number of events that are in the store. */
  readonly pending: number;
  /** Size of the pending events, in bytes of JSON. */
  readonly bytes: number;
  /** Number of events that will never arrive, by reason. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
}

export const EMPTY_LEDGER: Ledger = { tracked: 0, delivered: 0, pending: 0, bytes: 0, dropped: {} };

export const totalDropped = (counts: Ledger['dropped']): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** An event that a store has dropped because of its limits. */
export interface Eviction {
  readonly id: string;
  readonly reason: 'outbox-full' | 'expired';
}

/** Limits of a store. */
export interface Limits {
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

/** Limits of one request. */
export interface BatchLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/** Stores events, oldest first, until `settle` takes them out. Every method is atomic, also against other tabs. */
export interface Store {
  ledger(): Promise<Ledger>;
  /**
   * Adds events, and evicts the oldest ones beyond the limits. Resolves when the change is durable.
   * @param unlessHeld skips the events that are in the store already
   */
  append(
    events: readonly OutboxEvent[],
    now: number,
    unlessHeld?: boolean,
  ): Promise<{ ledger: Ledger; evicted: readonly Eviction[] }>;
  /**
   * Returns the oldest events that fit into one batch: at least one, if the store has any. Drops those that have expired by
   * `now`.
   */
  oldest(
    limits: BatchLimits,
    now: number,
  ): Promise<{ events: readonly WaitingEvent[]; ledger: Ledger; evicted: readonly Eviction[] }>;
  /** Takes events out, and counts them as delivered or dropped. Events that are no longer in the store are not counted again. */
  settle(events: readonly WaitingEvent[], as: 'delivered' | DropReason): Promise<Ledger>;
  /** Deletes all events and the ledger. Returns the ids of the events. */
  wipe(): Promise<readonly string[]>;
}
