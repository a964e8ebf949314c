import type { OutboxEvent } from '../../../src/sdk/outbox/contract.ts';
import type { LogHead, LogRecord } from '../../../src/sdk/outbox/log-store.ts';
import type { Contents } from './object-store.ts';
import { SCOPE } from './plan.ts';
import type { World } from './world.ts';

/**
 * Checks the log of events after each commit: its ledger (the counts in its head) must be right whichever
 * page ends in between.
 */
export function watchDisk(world: World, database: string, before: Contents, after: Contents): void {
  if (database === SCOPE) world.attempt(() => look(world, before, after));
}

export const eventsIn = (contents: Contents): readonly OutboxEvent[] =>
  [...contents].flatMap(([place, value]) => (typeof place === 'number' ? eventsOf(value) : []));

/** Returns the events of a record; none for a record that is unreadable. */
function eventsOf(value: unknown): readonly OutboxEvent[] {
  const { events = [] } = (typeof value === 'object' ? (value ?? {}) : {}) as Partial<LogRecord>;
  return events.filter(({ id }) => id);
}

export function headIn(contents: Contents): LogHead | undefined {
  const head = contents.get('head');
  return typeof head === 'object' && head && 'tracked' in head ? (head as LogHead) : undefined;
}

const sum = (dropped: LogHead['dropped']): number =>
  Object.values(dropped).reduce((total, count) => total + count, 0);

function look(world: World, before: Contents, after: Contents): void {
  const { expectedEvents, plan, note } = world;
  const { added, removed } = difference(before, after);
  const isSteady = !plan.diskFails && !plan.clears && !plan.withdraws && !world.wasStuck;
  for (const event of added) {
    const { saved, cameBack } = expectedEvents.identify(event);
    // A page that comes back may be frozen before it has stored the events of its lifeboat.
    const isInDoubt = saved && (cameBack || world.wasFrozen);
    const isRepeated = expectedEvents.written.has(event.id);
    if (isSteady && isRepeated && !isInDoubt) throw new Error(`${event.id} is written twice`);
    if (isRepeated) expectedEvents.writtenTwice += 1;
    expectedEvents.written.add(event.id);
  }
  const [was, is] = [headIn(before), headIn(after)];
  if (added.length) note(`  the disk has ${names(added)}`);
  if (!is) {
    const lost = removed.filter(({ id }) => !expectedEvents.deleted.has(id));
    if (plan.withdraws || world.hasRotted) for (const { id } of lost) expectedEvents.deleted.add(id);
    else if (lost.length) throw new Error(`The log is gone with ${names(lost)}`);
    return;
  }
  const { tracked, delivered, dropped, pending } = is;
  const delta = {
    tracked: tracked - (was?.tracked ?? 0),
    delivered: delivered - (was?.delivered ?? 0),
    dropped: sum(dropped) - sum(was?.dropped ?? {}),
  };
  if (removed.length)
    note(`  the disk gives up ${names(removed)} as ${delta.delivered ? 'delivered' : 'dropped'}`);
  const missing = removed.filter(({ id }) => !expectedEvents.taken.has(id));
  // One commit may remove delivered and dropped events together, when it stores what was done in memory
  // before.
  if (missing.length > delta.dropped) throw new Error(`Counted as delivered: ${names(missing)}`);
  for (const { id } of delta.delivered ? missing : removed) expectedEvents.droppedOnDisk.add(id);

  const isRight =
    tracked === delivered + pending + sum(dropped) &&
    (world.hasRotted ||
      (isWhole(after) &&
        // Events that are added and evicted in one commit, or counted later, appear only in the counts.
        delta.tracked - added.length === delta.delivered + delta.dropped - removed.length));
  if (!isRight) throw new Error(`The ledger is wrong: ${JSON.stringify({ was, is })}`);
  if (isWhole(after)) world.hasRotted = false;
  const { maxEvents = 10_000, maxBytes = 10 * 1024 * 1024 } = plan.options.outbox ?? {};
  if (pending > maxEvents || is.bytes > maxBytes)
    throw new Error(`${pending} events wait, ${is.bytes} bytes`);
}

/** Returns whether the counts in the head match the stored records. */
function isWhole(contents: Contents): boolean {
  const events = eventsIn(contents);
  const head = headIn(contents);
  return (
    head?.pending === events.length && head.bytes === events.reduce((total, { bytes }) => total + bytes, 0)
  );
}

const names = (events: readonly OutboxEvent[]): string => events.map(({ id }) => id).join();

/** Compares only records that have changed. */
function difference(
  before: Contents,
  after: Contents,
): { readonly added: readonly OutboxEvent[]; readonly removed: readonly OutboxEvent[] } {
  const old: OutboxEvent[] = [];
  const now: OutboxEvent[] = [];
  for (const place of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(place), after.get(place)];
    if (typeof place !== 'number' || was === is) continue;
    old.push(...eventsOf(was));
    now.push(...eventsOf(is));
  }
  return { added: without(now, old), removed: without(old, now) };
}

/** Removes the events of the second list from the first, each id as often as the second list has it. */
function without(events: readonly OutboxEvent[], others: readonly OutboxEvent[]): readonly OutboxEvent[] {
  const counts = new Map<string, number>();
  for (const { id } of others) counts.set(id, (counts.get(id) ?? 0) + 1);
  return events.filter(({ id }) => {
    const count = counts.get(id) ?? 0;
    counts.set(id, count - 1);
    return count <= 0;
  });
}
