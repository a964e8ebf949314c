import { type Ledger, type Limits, EMPTY_LEDGER, totalDropped } from './contract.ts';
import { type Healed, NO_ANSWER } from './fallback.ts';
import { indexedDbTransactions } from './indexeddb-log.ts';
import { countAsGone, createLogStore } from './log-store.ts';
import type { MemoryOutboxStore } from './memory-store.ts';

/**
 * Moves the events that wait in memory into IndexedDB, takes out of IndexedDB the events that were settled meanwhile, and adds the
 * counts of the memory to the ledger there. All of this is one transaction: it happens completely, or not at all.
 * @param base the ledger with which the memory began
 * @param isLate whether the caller no longer waits for the result: the transaction is aborted then
 */
export async function moveBack(
  from: MemoryOutboxStore,
  base: Ledger,
  { database, limits }: { readonly database: string; readonly limits: Limits },
  nowMs: number,
  isLate: () => boolean,
): Promise<Healed> {
  const memoryLedger = await from.ledger();
  const owed = from.owed();
  const moved = from.all();
  return indexedDbTransactions(database)('readwrite', async (log) => {
    const to = createLogStore((_mode, work) => work(log), limits);
    const found = await to.ledger();
    // The counts of the memory since `base`. The loop subtracts the owed events, because `to.settle` counts them too.
    let past = difference(memoryLedger, base);
    for (const as of new Set(owed.map((each) => each.as))) {
      for (const isDoubtful of [false, true]) {
        const owedAlike = owed.filter((each) => each.as === as && each.isDoubtful === isDoubtful);
        const { pending } = await to.ledger();
        const left = await to.settle(
          owedAlike.map(({ event }) => event),
          as,
        );
        const counted = owedAlike.filter(({ isCounted }) => isCounted).length;
        past = difference(past, countAsGone(EMPTY_LEDGER, isDoubtful ? pending - left.pending : counted, as));
      }
    }
    // Events that IndexedDB has are skipped: a write that seemed to fail may have succeeded.
    const { evicted } = await to.append(moved, nowMs, true);
    const head = (await log.head()) ?? { ...EMPTY_LEDGER, nextPlace: 1 };
    const ledger = {
      ...head,
      ...difference(head, { delivered: -past.delivered, dropped: mapped(past.dropped, (count) => -count) }),
      tracked: head.tracked + past.delivered + totalDropped(past.dropped),
    };
    if (isLate()) throw new Error(NO_ANSWER);
    log.writeHead(ledger);
    return { found, moved, evicted, ledger };
  });
}

/** The counts of events that have left a store. */
type Past = Pick<Ledger, 'delivered' | 'dropped'>;

const mapped = (counts: Ledger['dropped'], by: (count: number) => number): Ledger['dropped'] =>
  Object.fromEntries(Object.entries(counts).map(([reason, count]) => [reason, by(count)]));

/** Returns the counts of `minuend` less those of `subtrahend`. */
function difference(minuend: Past, subtrahend: Past): Past {
  const dropped: Record<string, number> = { ...minuend.dropped };
  for (const [reason, count] of Object.entries(subtrahend.dropped))
    dropped[reason] = (dropped[reason] ?? 0) - count;
  return { delivered: minuend.delivered - subtrahend.delivered, dropped };
}
