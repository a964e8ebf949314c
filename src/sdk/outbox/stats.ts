import type { DropReason } from '../events.ts';
import { EMPTY_LEDGER, type Ledger } from './contract.ts';

/** `tracked` equals `delivered` + `pending` + all of `dropped`, at every moment. */
export interface Stats {
  /** Events of this page, of the site's other open tabs, and those that waited when this page came. */
  readonly tracked: number;
  readonly delivered: number;
  /** On their way, waiting for consent, or stored. */
  readonly pending: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
}

/** Counts what happens to events before and after they are in the outbox, which counts for itself. */
export interface EventCounter {
  /** A call was made. */
  begin(id: string): void;
  /** The outbox has it now. */
  handOver(id: string): void;
  /** Says whether it was still ours to drop. */
  drop(id: string, reason: DropReason): boolean;
  /** What the outbox held when this page came. */
  open(ledger: Ledger): void;
  /** The outbox is deleted: what waited in it is dropped, but for so many events, which begin the next one. */
  close(ledger: Ledger, reason: DropReason, staying?: number): void;
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
  // What is over: dropped at the call, or in an outbox that was deleted.
  let past = { tracked: 0, delivered: 0, dropped: { ...NONE } };
  let start = EMPTY_LEDGER;

  /** The outbox counts for itself, whoever has put an event there; what waited when we came is new to this page. */
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
      const ours = inHand.delete(id);
      if (ours) {
        past.tracked++;
        past.dropped[reason]++;
      }
      return ours;
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
