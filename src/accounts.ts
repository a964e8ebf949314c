import type { DropReason } from './events.ts';
import type { Ledger } from './outbox/contract.ts';

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
export interface Accounts {
  /** A call was made. */
  begin(id: string): void;
  /** The outbox has it now. */
  handOver(id: string): void;
  /** Says whether it was still ours to drop. */
  drop(id: string, reason: DropReason): boolean;
  /** What the outbox held when this page came. */
  open(ledger: Ledger): void;
  /** The outbox is about to be deleted: what waits in it is dropped. */
  close(ledger: Ledger): void;
  stats(ledger: Ledger | undefined): Stats;
}

const REASONS: readonly DropReason[] = [
  'consent',
  'invalid',
  'before-send',
  'too-large',
  'rejected',
  'outbox-full',
  'expired',
  'storage',
];

export function createAccounts(): Accounts {
  const inHand = new Set<string>();
  const dropped = Object.fromEntries(REASONS.map((reason) => [reason, 0])) as Record<DropReason, number>;
  let begun = 0;
  let handedOver = 0;
  let tracked = 0;
  let delivered = 0;
  let start: Ledger | undefined;

  const since = (ledger: Ledger | undefined): { readonly tracked: number; readonly delivered: number } => ({
    // What is in the outbox counts there, whoever has put it in; what waited when we came is new to this page.
    tracked: (ledger?.tracked ?? 0) - (start ? start.tracked - start.pending : 0),
    delivered: (ledger?.delivered ?? 0) - (start?.delivered ?? 0),
  });

  return {
    begin(id) {
      begun++;
      inHand.add(id);
    },
    handOver(id) {
      if (inHand.delete(id)) handedOver++;
    },
    drop(id, reason) {
      const ours = inHand.delete(id);
      if (ours) dropped[reason]++;
      return ours;
    },
    open: (ledger) => void (start = ledger),
    close(ledger) {
      tracked += since(ledger).tracked;
      delivered += since(ledger).delivered;
      for (const reason of REASONS)
        dropped[reason] += (ledger.dropped[reason] ?? 0) - (start?.dropped[reason] ?? 0);
      dropped.consent += ledger.pending;
      start = undefined;
    },
    stats(ledger) {
      const all = { ...dropped };
      for (const reason of REASONS)
        all[reason] += (ledger?.dropped[reason] ?? 0) - (start?.dropped[reason] ?? 0);
      return {
        tracked: begun - handedOver + tracked + since(ledger).tracked,
        delivered: delivered + since(ledger).delivered,
        pending: inHand.size + (ledger?.pending ?? 0),
        dropped: all,
      };
    },
  };
}
