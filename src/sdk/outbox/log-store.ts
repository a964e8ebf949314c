import type { DropReason } from '../events.ts';
import { type Eviction, type Limits, EMPTY_LEDGER, type OutboxEvent } from './contract.ts';
import type { Ledger, Store, WaitingEvent } from './contract.ts';

/**
 * An append log. Events that were captured together are one record, the places of records count upwards, and the ledger changes
 * in the same transaction as the events, so that the two always agree, even after a crash.
 */

/** Events that were written together. */
export interface LogRecord {
  /** When they were written, in milliseconds since the epoch. */
  readonly at: number;
  readonly events: readonly OutboxEvent[];
}

/** The ledger, with the fields that only the log needs. */
export interface LogHead extends Ledger {
  /** Place of the next record. A counter and not a time, so that a clock that is set back changes no order. */
  readonly nextPlace: number;
}

export type LogEntry = readonly [place: number, record: LogRecord];

/** The operations of a log inside one transaction. */
export interface LogTransaction {
  head(): Promise<LogHead | undefined>;
  /** The first records, in order. */
  first(count: number): Promise<readonly LogEntry[]>;
  read(place: number): Promise<LogRecord | undefined>;
  /** Fails if the place has a record already. */
  add(place: number, record: LogRecord): void;
  write(place: number, record: LogRecord): void;
  erase(place: number): void;
  writeHead(head: LogHead): void;
  clear(): void;
}

/** Runs the work in one transaction, and resolves when the changes are durable. If the work fails, none of its changes stay. */
export type Transact = <T>(
  mode: 'readonly' | 'readwrite',
  work: (log: LogTransaction) => Promise<T>,
) => Promise<T>;

const EMPTY: LogHead = { ...EMPTY_LEDGER, nextPlace: 1 };

// Large enough that a burst is few writes, small enough that one batch is few reads.
const RECORD_EVENTS = 100;
const EVERY_RECORD = 2 ** 31;

export function createLogStore(transact: Transact, limits: Limits): Store {
  return {
    ledger: () => transact('readonly', async (log) => (await log.head()) ?? EMPTY),

    append: (incoming, now, unlessHeld) =>
      transact('readwrite', async (log) => {
        const heldIds = new Set(unlessHeld ? await allIds(log) : []);
        const events = incoming.filter(({ id }) => !heldIds.has(id));
        let head = (await log.head()) ?? EMPTY;
        let place = head.nextPlace;
        for (let i = 0; i < events.length; i += RECORD_EVENTS) {
          log.add(place++, { at: now, events: events.slice(i, i + RECORD_EVENTS) });
        }
        head = {
          ...head,
          // The time is part of the name, because two tabs may begin a new log with the same event. The log of a store in memory
          // has places below 0, and no name.
          log: head.log ?? (place > 1 ? now + (events[0]?.id ?? '') : undefined),
          nextPlace: place,
          tracked: head.tracked + events.length,
          pending: head.pending + events.length,
          bytes: head.bytes + bytesOf(events),
        };
        const evicted: Eviction[] = [];
        while (head.pending > limits.maxEvents || head.bytes > limits.maxBytes) {
          const [oldest] = await log.first(1);
          if (!oldest) break;
          const leaving = overflow(oldest, head, limits);
          head = take(log, head, oldest, leaving, 'outbox-full');
          evicted.push(...leaving.map(({ id }) => ({ id, reason: 'outbox-full' as const })));
        }
        log.writeHead(head);
        return { ledger: head, evicted };
      }),

    oldest: (batch, now) =>
      transact('readwrite', async (log) => {
        let head = (await log.head()) ?? EMPTY;
        const evicted: Eviction[] = [];
        let entries = await firstHolding(log, batch.maxEvents);
        if (head.nextPlace > 0 && head.pending && !entries.length) throw new TypeError(); // the records of pending events are lost
        for (const entry of entries) {
          if (now - entry[1].at <= limits.maxAgeMs) break;
          head = take(log, head, entry, entry[1].events, 'expired');
          evicted.push(...entry[1].events.map(({ id }) => ({ id, reason: 'expired' as const })));
        }
        if (evicted.length) {
          log.writeHead(head);
          entries = await firstHolding(log, batch.maxEvents);
        }
        const events = entries.flatMap(([place, record]) =>
          record.events.map((event) => ({ ...event, place })),
        );
        return { events: fit(events, batch), ledger: head, evicted };
      }),

    settle: (events, as) =>
      transact('readwrite', async (log) => {
        let head = (await log.head()) ?? EMPTY;
        const { pending } = head;
        const takeFrom = (entry: LogEntry): void => void (head = take(log, head, entry, events, as));
        for (const place of new Set(events.map((event) => event.place))) {
          const record = await log.read(place);
          if (record) takeFrom([place, record]);
        }
        // Some events were not at their place: they were sent as the page was left, before their place was known, or they have
        // another place since. So all records are searched.
        if (pending - head.pending < events.length) (await log.first(EVERY_RECORD)).forEach(takeFrom);
        log.writeHead(head);
        return head;
      }),

    wipe: () =>
      transact('readwrite', async (log) => {
        const ids = await allIds(log);
        log.clear();
        return ids;
      }),
  };
}

/**
 * Returns the first records that together hold `eventCount` events: one record after a burst of calls, a few hundred records where
 * each call was written alone.
 */
async function firstHolding(log: LogTransaction, eventCount: number): Promise<readonly LogEntry[]> {
  for (let count = 1; ; count *= 4) {
    const entries = await log.first(count);
    const heldCount = entries.reduce((total, [, record]) => total + record.events.length, 0);
    if (entries.length < count || heldCount >= eventCount) return entries;
  }
}

const allIds = async (log: LogTransaction): Promise<string[]> =>
  (await log.first(EVERY_RECORD)).flatMap(([, { events }]) => events.map(({ id }) => id));

const bytesOf = (events: readonly OutboxEvent[]): number =>
  events.reduce((total, event) => total + event.bytes, 0);

/** Returns the oldest events of this record that must be evicted so that the limits hold again. */
function overflow([, { events }]: LogEntry, head: LogHead, limits: Limits): readonly OutboxEvent[] {
  let { pending, bytes } = head;
  const end = events.findIndex((event) => {
    if (pending <= limits.maxEvents && bytes <= limits.maxBytes) return true;
    pending--;
    bytes -= event.bytes;
    return false;
  });
  return end < 0 ? events : events.slice(0, end);
}

/** Takes these events out of one record, and returns the new head. */
function take(
  log: LogTransaction,
  head: LogHead,
  [place, record]: LogEntry,
  leaving: readonly { readonly id: string }[],
  as: 'delivered' | DropReason,
): LogHead {
  const ids = new Set(leaving.map(({ id }) => id));
  const staying = record.events.filter(({ id }) => !ids.has(id));
  const count = record.events.length - staying.length;
  if (!count) return head;
  // The head counts fewer events than are taken out: it is lost, or wrong. The head of a store in memory, whose places are below
  // 0, is not checked, because it also counts the events in IndexedDB.
  if (head.nextPlace > 0 && count > head.pending) throw new TypeError();
  if (staying.length) log.write(place, { ...record, events: staying });
  else log.erase(place);
  return countAsGone({ ...head, bytes: head.bytes - bytesOf(record.events) + bytesOf(staying) }, count, as);
}

/** Returns the ledger after `count` pending events were delivered or dropped. */
export function countAsGone<AnyLedger extends Ledger>(
  ledger: AnyLedger,
  count: number,
  as: 'delivered' | DropReason,
): AnyLedger {
  const { pending, delivered, dropped } = ledger;
  return {
    ...ledger,
    pending: pending - count,
    ...(as === 'delivered'
      ? { delivered: delivered + count }
      : { dropped: { ...dropped, [as]: (dropped[as] ?? 0) + count } }),
  };
}

/** Returns the first events that fit into one batch. An event that is larger than a batch is returned alone. */
function fit(
  events: readonly WaitingEvent[],
  { maxEvents, maxBytes }: { maxEvents: number; maxBytes: number },
): readonly WaitingEvent[] {
  let bytes = 0;
  const end = events.findIndex((event, i) => {
    bytes += event.bytes + 1; // its comma
    return i > 0 && (i >= maxEvents || bytes > maxBytes);
  });
  return end < 0 ? events : events.slice(0, end);
}
