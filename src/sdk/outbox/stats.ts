import type { DropReason } from '../events.ts';
import { EMPTY_LEDGER, type Ledger } from './contract.ts';

/**
 * Numbers of events, as `Analytics.stats` returns them. `tracked` equals `delivered` + `pending` + the sum of `dropped` at every
 * moment.
 */
export interface Stats {
  /** Events of this page, of the site's other open tabs, and those that were stored already when this page was opened. */
  readonly tracked: number;
  /** Events that the proxy has accepted. */
  readonly delivered: number;
  /** Events that wait for consent, are stored, or are being sent. */
  readonly pending: number;
  /** Events that will never arrive, by reason: 0 for a reason that has not occurred. See `DropReason`. */
  readonly dropped: Readonly<Record<DropReason, number>>;
}

/** Counts the events that are not in the outbox, and adds the counts of the outbox, which has a ledger of its own. */
export interface EventCounter {
  /** A call was made. */
  begin(id: string): void;
  /** The outbox has accepted the event, and counts it from now on. */
  handOver(id: string): void;
  /** Counts the event as dropped. Returns false, and counts nothing, if this counter does not count the event (any more). */
  drop(id: string, reason: DropReason): boolean;
  /** The outbox was opened, and held this ledger. */
  open(ledger: Ledger): void;
  /** The outbox was deleted: its pending events count as dropped, except for `staying` events, which are put into the next outbox. */
  close(ledger: Ledger, reason: DropReason, staying?: number): void;
  /** Returns all counts, with those of this ledger of the outbox. Undefined: there is no outbox. */
  stats(ledger: Ledger | undefined): Stats;
}

const NONE: Readonly<Record<DropReason, number>> = {
  consent: 0,
  invalid: 0,
  'invalid-options': 0,
  'before-send': 0,
  'too-large': 0,
  rejected: 0,
  'outbox-full': 0,
  expired: 0,
  storage: 0,
};

export function createEventCounter(): EventCounter {
  const inHand = new Set<string>();
  /** The counts of finished events: those that were dropped at the call, and those of outboxes that were deleted. */
  let past = { tracked: 0, delivered: 0, dropped: { ...NONE } };
  let start = EMPTY_LEDGER;

  /**
   * Adds what the outbox has counted since this page was opened, also for the events of other tabs. Events that were pending when the
   * page was opened count as tracked since then.
   */
  function together(ledger: Ledger): typeof past {
    const dropped = { ...NONE };
    for (const reason of Object.keys(dropped) as DropReason[]) {
      dropped[reason] = past.dropped[reason] + (ledger.dropped[reason] ?? 0) - (start.dropped[reason] ?? 0);
    }
    return {
      tracked: past.tracked + ledger.tracked - start.tracked + start.pending,
      delivered: past.delivered + ledger.delivered - start.delivered,
      dropped,
    };
  }

  return {
    begin: (id) => void inHand.add(id),
    handOver: (id) => void inHand.delete(id),
    drop(id, reason) {
      const isInHand = inHand.delete(id);
      if (isInHand) {
        past.tracked++;
        past.dropped[reason]++;
      }
      return isInHand;
    },
    open: (ledger) => void (start = ledger),
    close(ledger, reason, staying = 0) {
      past = together(ledger);
      past.tracked -= staying;
      past.dropped[reason] += ledger.pending - staying;
      start = EMPTY_LEDGER;
    },
    stats(ledger = EMPTY_LEDGER) {
      const { tracked, ...rest } = together(ledger);
      return { tracked: tracked + inHand.size, ...rest, pending: inHand.size + ledger.pending };
    },
  };
}
