import type { DropReason } from '../events.ts';

/** One event as it waits: serialised once, at its call. */
export interface OutboxEvent {
  /** The event's `messageId`. */
  readonly id: string;
  /** Milliseconds since the epoch, of the call. */
  readonly at: number;
  readonly json: string;
  /** Of `json` in UTF-8. */
  readonly bytes: number;
}

/** An event and the place in the store from which it was read. */
export interface WaitingEvent extends OutboxEvent {
  /** 0 where it is not known yet. */
  readonly place: number;
}

/** What a store has seen. `tracked` equals `delivered` + `pending` + all of `dropped`, always. */
export interface Ledger {
  /** Names the log that it is of, from its first event on: whoever deletes that begins another one. */
  readonly log?: string | undefined;
  readonly tracked: number;
  readonly delivered: number;
  readonly pending: number;
  /** Of what is pending, in bytes of JSON. */
  readonly bytes: number;
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
}

export const EMPTY_LEDGER: Ledger = { tracked: 0, delivered: 0, pending: 0, bytes: 0, dropped: {} };

export const totalDropped = (counts: Ledger['dropped']): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** An event that a store gave up by itself. */
export interface Eviction {
  readonly id: string;
  readonly reason: 'outbox-full' | 'expired';
}

export interface Limits {
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

export interface BatchLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/** Keeps events, oldest first, until told what became of them. Every method is atomic, also against other tabs. */
export interface Store {
  ledger(): Promise<Ledger>;
  /**
   * Resolves when they are durable. Evicts the oldest beyond the limits.
   * @param unlessHeld leaves out those that are there already
   */
  append(
    events: readonly OutboxEvent[],
    now: number,
    unlessHeld?: boolean,
  ): Promise<{ ledger: Ledger; evicted: readonly Eviction[] }>;
  /** The oldest that fit into one batch: at least one, where there is one. Gives up what has expired by `now`. */
  oldest(
    limits: BatchLimits,
    now: number,
  ): Promise<{ events: readonly WaitingEvent[]; ledger: Ledger; evicted: readonly Eviction[] }>;
  /** Takes events out. Those that are gone already are not counted again. */
  settle(events: readonly WaitingEvent[], as: 'delivered' | DropReason): Promise<Ledger>;
  /** Deletes everything, the ledger too, and says which events that were. */
  wipe(): Promise<readonly string[]>;
}
