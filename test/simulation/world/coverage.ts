import type { World } from './world.ts';

/** What has happened in a number of worlds: so that nobody takes an empty world for a safe one. */
export interface Tally {
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

export function createTally(): Tally {
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
    add({ book, origin }) {
      const { sent } = origin.network;
      const arrivals = sent.reduce((sum, { accepted, batch }) => sum + (accepted ? batch.length : 0), 0);
      const reasons = [...book.toldDropped.values()].map(({ reason }) => reason);
      counts.worlds += 1;
      counts.calls += book.calls.length;
      counts.arrived += book.taken.size;
      counts.repeats += arrivals - book.taken.size;
      counts.storedInMemory += book.calls.filter(({ receipt }) => receipt?.state === 'memory').length;
      counts.savedInLifeboats += book.calls.filter(({ saved }) => saved).length;
      counts.writtenTwice += book.writtenTwice;
      counts.droppedAtTheProxy += reasons.filter(
        (reason) => reason === 'rejected' || reason === 'too-large',
      ).length;
      counts.evicted += reasons.filter((reason) => reason === 'outbox-full' || reason === 'expired').length;
      counts.requestsFailed += sent.filter(({ accepted }) => !accepted).length;
      counts.deletedByTheVisitor += book.deleted.size;
    },
  };
}
