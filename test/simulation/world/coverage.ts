import type { World } from './world.ts';

/** Counts what happened in the simulated worlds, so that a test can check that the worlds were not empty. */
export interface Coverage {
  add(world: World): void;
  readonly counts: Readonly<Record<Counted, number>>;
}

type Counted =
  | 'worlds'
  | 'calls'
  | 'arrived'
  | 'repeats'
  | 'storedInMemory'
  | 'savedInLifeboats'
  | 'writtenTwice'
  | 'droppedAtTheProxy'
  | 'evicted'
  | 'requestsFailed'
  | 'deletedByTheVisitor';

export function createCoverage(): Coverage {
  const counts: Record<Counted, number> = {
    worlds: 0,
    calls: 0,
    arrived: 0,
    repeats: 0,
    storedInMemory: 0,
    savedInLifeboats: 0,
    writtenTwice: 0,
    droppedAtTheProxy: 0,
    evicted: 0,
    requestsFailed: 0,
    deletedByTheVisitor: 0,
  };
  return {
    counts,
    add({ expectedEvents, origin }) {
      const { sent } = origin.network;
      const arrivals = sent.reduce((sum, { accepted, batch }) => sum + (accepted ? batch.length : 0), 0);
      const reasons = [...expectedEvents.toldDropped.values()].map(({ reason }) => reason);
      counts.worlds += 1;
      counts.calls += expectedEvents.calls.length;
      counts.arrived += expectedEvents.taken.size;
      counts.repeats += arrivals - expectedEvents.taken.size;
      counts.storedInMemory += expectedEvents.calls.filter(
        ({ receipt }) => receipt?.state === 'memory',
      ).length;
      counts.savedInLifeboats += expectedEvents.calls.filter(({ saved }) => saved).length;
      counts.writtenTwice += expectedEvents.writtenTwice;
      counts.droppedAtTheProxy += reasons.filter(
        (reason) => reason === 'rejected' || reason === 'too-large',
      ).length;
      counts.evicted += reasons.filter((reason) => reason === 'outbox-full' || reason === 'expired').length;
      counts.requestsFailed += sent.filter(({ accepted }) => !accepted).length;
      counts.deletedByTheVisitor += expectedEvents.deleted.size;
    },
  };
}
