import type { DropReason } from '../events.ts';
import { type Eviction, type Limits, EMPTY_LEDGER, type OutboxEvent } from './contract.ts';
import type { Ledger, Store, WaitingEvent } from './contract.ts';

/**
 * The append log: what was captured together is one record, places are counted upwards, and the ledger changes in the
 * same transaction as the events, so that no crash can part the two.
 */

/** Events that were written together. */
export interface LogRecord {
  /** When they were written, in milliseconds since the epoch. */
  readonly at: number;
  readonly events: readonly OutboxEvent[];
}

/** The ledger, with what only the log needs. */
export interface LogHead extends Ledger {
  /** Of the next record. Counted, not timed: a clock that is set back changes no order. */
  readonly nextPlace: number;
}

export type LogEntry = readonly [place: number, record: LogRecord];

/** What a log does inside one transaction. */
export interface LogTransaction {
  head(): Promise<LogHead | undefined>;
  /** The first records, in order. */
  first(count: number): Promise<readonly LogEntry[]>;
  read(place: number): Promise<LogRecord | undefined>;
  /** Fails where there is one already. */
  add(place: number, record: LogRecord): void;
  write(place: number, record: LogRecord): void;
  erase(place: number): void;
  writeHead(head: LogHead): void;
  clear(): void;
}

/** Runs the work in one transaction and resolves when that is durable; if the work fails, nothing of it is kept. */
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

    append: (given, now, unlessHeld) =>
      transact('readwrite', async (log) => {
        const held = new Set(unlessHeld ? await allIds(log) : []);
        const events = given.filter(({ id }) => !held.has(id));
        let head = (await log.head()) ?? EMPTY;
        let place = head.nextPlace;
        for (let i = 0; i < events.length; i += RECORD_EVENTS) {
          log.add(place++, { at: now, events: events.slice(i, i + RECORD_EVENTS) });
        }
        head = {
          ...head,
          // Two tabs may begin it anew with the same event. What stands in for it has places below 0, and no name.
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
        let entries = await enough(log, batch.maxEvents);
        if (head.nextPlace > 0 && head.pending && !entries.length) throw new TypeError(); // its records are lost
        for (const entry of entries) {
          if (now - entry[1].at <= limits.maxAgeMs) break;
          head = take(log, head, entry, entry[1].events, 'expired');
          evicted.push(...entry[1].events.map(({ id }) => ({ id, reason: 'expired' as const })));
        }
        if (evicted.length) {
          log.writeHead(head);
          entries = await enough(log, batch.maxEvents);
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
        // Sent as the page was leaving, before its place was known; or it has moved since.
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

/** The first records, until they hold so many events: one in a burst, a few hundred where each call was written alone. */
async function enough(log: LogTransaction, events: number): Promise<readonly LogEntry[]> {
  for (let count = 1; ; count *= 4) {
    const entries = await log.first(count);
    const found = entries.reduce((total, [, record]) => total + record.events.length, 0);
    if (entries.length < count || found >= events) return entries;
  }
}

const allIds = async (log: LogTransaction): Promise<string[]> =>
  (await log.first(EVERY_RECORD)).flatMap(([, { events }]) => events.map(({ id }) => id));

const bytesOf = (events: readonly OutboxEvent[]): number =>
  events.reduce((total, event) => total + event.bytes, 0);

/** The oldest of this record that must go so that the limits hold again. */
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

/** Takes these events out of one record, and says what the head is then. */
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
  // The head is lost, or wrong; what stands in for it in memory has places below 0, and counts what waits elsewhere.
  if (head.nextPlace > 0 && count > head.pending) throw new TypeError();
  if (staying.length) log.write(place, { ...record, events: staying });
  else log.erase(place);
  return countAsGone({ ...head, bytes: head.bytes - bytesOf(record.events) + bytesOf(staying) }, count, as);
}

/** Counts so many events as gone. */
export function countAsGone<Of extends Ledger>(ledger: Of, count: number, as: 'delivered' | DropReason): Of {
  const { pending, delivered, dropped } = ledger;
  return {
    ...ledger,
    pending: pending - count,
    ...(as === 'delivered'
      ? { delivered: delivered + count }
      : { dropped: { ...dropped, [as]: (dropped[as] ?? 0) + count } }),
  };
}

/** The first events that fit into one batch. One that is too large for it goes alone. */
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
