import { createStore as createIdbStore, promisifyRequest } from 'idb-keyval';
import {
  type Ledger,
  type Limits,
  EMPTY_LEDGER,
  type OutboxEvent,
  type Store,
  totalDropped,
} from './contract.ts';
import { type Fallback, type Healed, NO_ANSWER, type RecoveryNeeds } from './fallback.ts';
import { indexedDbTransactions } from './indexeddb-log.ts';
import { createMemoryOutboxStore, type MemoryOutboxStore } from './memory-store.ts';
import { isStoredEvent, isLogHead, isLogRecord } from './validate-record.ts';
import { createLogStore, countAsGone, type LogHead, type LogRecord } from './log-store.ts';

export interface RecoverySettings {
  readonly database: string;
  readonly limits: Limits;
  /** While requests carry events, these stay where they are. */
  readonly sender: { busy(): boolean };
  fail(code: 'storage-unavailable', message: string): void;
}

const HEAL_AFTER_MS = 30_000;

/**
 * Stands in for IndexedDB when that fails: tries again with fresh handles, takes out what cannot be read, and goes on in
 * memory until IndexedDB works again.
 */
export function createRecovery(settings: RecoverySettings, needs: RecoveryNeeds): Fallback {
  const { database, limits } = settings;
  const { clock, openDurable, known, inTime, onHealed } = needs;
  const isWanted = needs.storage === 'indexeddb';
  let durable: Store | undefined;
  let base = known();
  let memory = isWanted ? undefined : createMemoryOutboxStore(base, limits);
  let triedAtMs = 0;
  let mending: Promise<boolean> | undefined;
  let hasMended = false;
  let healing: Promise<void> | undefined;

  async function mend(): Promise<boolean> {
    if (hasMended) return false;
    // Some browsers throw here.
    const unreadable = async (): Promise<number> =>
      createIdbStore(database, 'log')('readwrite', (store) =>
        // Nobody uses this connection again, and open it would hold up a page that deletes the database.
        takeOutUnreadable(store, known()).finally(() => store.transaction.db.close()),
      );
    mending ??= inTime(unreadable()).then(
      (count) => {
        if (count)
          settings.fail('storage-unavailable', `${count} stored events were unreadable, and are gone`);
        return true;
      },
      () => false,
    );
    const isMended = await mending;
    hasMended = true;
    return isMended;
  }

  function giveUp(cause: unknown): void {
    triedAtMs = clock.now();
    base = known();
    memory = createMemoryOutboxStore(base, limits);
    needs.onFallback(cause);
  }

  async function heal(from: MemoryOutboxStore): Promise<void> {
    triedAtMs = clock.now();
    mayMendAgain();
    for (let isOver = false; !isOver;) {
      let isLate = false;
      try {
        const healed = await inTime(moveBack(from, base, settings, triedAtMs, () => isLate));
        memory = undefined;
        mayMendAgain();
        return onHealed(healed);
      } catch (cause) {
        // Not yet, nor when it comes to its end after all.
        isLate = true;
        isOver = isSilent(cause) || !(await mend());
      }
    }
  }

  /** What was in order then may be broken now. */
  function mayMendAgain(): void {
    hasMended = false;
    mending = undefined;
  }

  return {
    async use(work, again) {
      const sinceMs = Math.abs(clock.now() - triedAtMs);
      if (isWanted && memory && sinceMs >= HEAL_AFTER_MS && !settings.sender.busy())
        healing ??= heal(memory).finally(() => (healing = undefined));
      await healing;
      for (let isAgain = again; ; isAgain = true) {
        if (memory) return work(memory, isAgain);
        const used = (durable ??= openDurable());
        try {
          const answer = await inTime(work(used, isAgain));
          // Else another call has given it up, and this comes too late to count.
          if (!memory) return answer;
        } catch (cause) {
          if (durable === used) durable = undefined;
          if (!memory && (isSilent(cause) || !(await mend())) && !memory) giveUp(cause);
        }
      }
    },
    storage: () => (memory ? 'memory' : 'indexeddb'),
    inMemory: () => (isWanted && memory?.all()) || [],
  };
}

/** The first load imports this file by this name. All lazy files share it, because a repeated name costs few bytes. */
export { createRecovery as create };

const isSilent = (cause: unknown): boolean => cause instanceof Error && cause.message === NO_ANSWER;

/** Puts what waits in memory into IndexedDB, and counts there what came and went meanwhile: all of it, or nothing. */
async function moveBack(
  from: MemoryOutboxStore,
  base: Ledger,
  { database, limits }: RecoverySettings,
  nowMs: number,
  isLate: () => boolean,
): Promise<Healed> {
  const now = await from.ledger();
  const owed = from.owed();
  const moved = from.all();
  return indexedDbTransactions(database)('readwrite', async (log) => {
    const to = createLogStore((_mode, work) => work(log), limits);
    const found = await to.ledger();
    // The memory has counted what it owes, too.
    let past = difference(now, base);
    for (const as of new Set(owed.map((each) => each.as))) {
      for (const isDoubtful of [false, true]) {
        const events = owed.filter((each) => each.as === as && each.isDoubtful === isDoubtful);
        const { pending } = await to.ledger();
        const left = await to.settle(
          events.map(({ event }) => event),
          as,
        );
        const counted = events.filter(({ isCounted }) => isCounted).length;
        past = difference(past, countAsGone(EMPTY_LEDGER, isDoubtful ? pending - left.pending : counted, as));
      }
    }
    // A write that seemed to fail may have taken place.
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

/** What has left a store. */
type Past = Pick<Ledger, 'delivered' | 'dropped'>;

const mapped = (counts: Ledger['dropped'], by: (count: number) => number): Ledger['dropped'] =>
  Object.fromEntries(Object.entries(counts).map(([reason, count]) => [reason, by(count)]));

function difference(one: Past, other: Past): Past {
  const dropped: Record<string, number> = { ...one.dropped };
  for (const [reason, count] of Object.entries(other.dropped))
    dropped[reason] = (dropped[reason] ?? 0) - count;
  return { delivered: one.delivered - other.delivered, dropped };
}

/** Deletes what cannot be read, and makes the ledger agree with what is left. Answers how many events are gone. */
async function takeOutUnreadable(store: IDBObjectStore, known: Ledger): Promise<number> {
  const events: OutboxEvent[] = [];
  let nextPlace = 1;
  let canRead = false;
  for (const place of await promisifyRequest(store.getAllKeys(IDBKeyRange.bound(0, Infinity)))) {
    nextPlace = Number(place) + 1;
    const record = (await readAtLast(store, place)) as Partial<LogRecord> | null | undefined;
    canRead ||= record !== undefined;
    const found: readonly unknown[] = Array.isArray(record?.events) ? record.events : [];
    const sound = found.filter(isStoredEvent);
    events.push(...sound);
    if (!sound.length) store.delete(place);
    else if (!isLogRecord(record)) store.put({ at: sound[0]?.at, events: sound }, place);
  }
  const kept = await readAtLast(store, 'head');
  // Where nothing can be read at all, it may be readable again in a moment.
  if (nextPlace > 1 && !canRead && kept === undefined) {
    store.transaction.abort();
    throw new Error('IndexedDB cannot be read');
  }
  // Other pages know other counts: to them it is another log, with a name of its own.
  const head: LogHead = isLogHead(kept) ? kept : { ...known, log: undefined, nextPlace };
  const gone = head.tracked - head.delivered - totalDropped(head.dropped) - events.length;
  const mended: LogHead = {
    ...head,
    nextPlace: Math.max(nextPlace, head.nextPlace),
    tracked: head.tracked - Math.min(gone, 0),
    dropped: { ...head.dropped, storage: (head.dropped.storage ?? 0) + Math.max(gone, 0) },
    pending: events.length,
    bytes: events.reduce((sum, { bytes }) => sum + bytes, 0),
  };
  store.put(mended, 'head');
  await promisifyRequest(store.transaction);
  return Math.max(gone, 0);
}

/** A disk that fails once may be in order: what would be deleted is read again. */
async function readAtLast(store: IDBObjectStore, key: IDBValidKey): Promise<unknown> {
  return (await read(store, key)) ?? (await read(store, key)) ?? read(store, key);
}

/** What is stored there, or undefined where the browser cannot read it. */
function read(store: IDBObjectStore, key: IDBValidKey): Promise<unknown> {
  return new Promise((resolve) => {
    const request = store.get(key);
    request.onsuccess = () => resolve(request.result);
    request.onerror = (event) => {
      // Else it would end the transaction.
      event.preventDefault();
      resolve(undefined);
    };
  });
}
