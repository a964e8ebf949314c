// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { Ledger, OutboxEvent, Store } from '../../../../src/sdk/outbox/contract.ts';
import {
  createFallback,
  type Fallback,
  type RecoveryNeeds,
  type StorageKind,
} from '../../../../src/sdk/outbox/fallback.ts';
import { createMemoryOutboxStore } from '../../../../src/sdk/outbox/memory-store.ts';
import { type FakeClock, fakeClock, settled, START_MS } from '../../../fakes/clock.ts';
import { events } from '../../../fakes/events.ts';
import { type FaultyStore, faultyStore } from '../../../fakes/faulty-store.ts';
import { BATCH, idsOf, NOTHING, ROOMY } from './setup.ts';

interface Bench {
  readonly fallback: Fallback;
  readonly clock: FakeClock;
  readonly disk: FaultyStore;
  /** The arguments of the recovery, each time that it was created. */
  readonly recoveries: readonly RecoveryNeeds[];
  readonly fallbacks: readonly unknown[];
  /** The number of imports of the recovery's file. */
  loads(): number;
  setMissing(missing: boolean): void;
  /** Delays the import of the file until the returned function is called. */
  holdLoad(): () => void;
  ledger(): Promise<Ledger>;
  append(list: readonly OutboxEvent[]): Promise<unknown>;
  /** For each operation: whether the recovery was told that an earlier attempt may have succeeded. */
  readonly again: readonly boolean[];
  /** For each operation that was passed to the recovery: whether an earlier attempt may have succeeded. */
  readonly handedOn: readonly (boolean | undefined)[];
}

const WAITING = events('waiting', 2);

/** Uses a recovery that stores everything in memory at once. */
function bench(storage: StorageKind = 'indexeddb'): Bench {
  const clock = fakeClock();
  const real = createMemoryOutboxStore(NOTHING, ROOMY);
  const disk = faultyStore(() => real);
  const stand: Store = createMemoryOutboxStore(NOTHING, ROOMY);
  const recoveries: RecoveryNeeds[] = [];
  const fallbacks: unknown[] = [];
  const again: boolean[] = [];
  const handedOn: (boolean | undefined)[] = [];
  let loads = 0;
  let missing = false;
  let held: Promise<void> = Promise.resolve();
  const fallback = createFallback(
    {
      clock,
      storage,
      openDurable: disk.open,
      async recovery(needs) {
        loads += 1;
        await held;
        if (missing) throw new TypeError('Failed to fetch dynamically imported module');
        recoveries.push(needs);
        return {
          use(work, isAgain) {
            handedOn.push(isAgain);
            return work(stand, isAgain);
          },
          storage: () => 'memory',
          inMemory: () => WAITING,
        };
      },
      onFallback: (cause) => void fallbacks.push(cause),
    },
    () => NOTHING,
    () => undefined,
  );
  return {
    fallback,
    clock,
    disk,
    recoveries,
    fallbacks,
    loads: () => loads,
    setMissing: (now) => void (missing = now),
    holdLoad() {
      let letGo = (): void => undefined;
      held = new Promise((resolve) => {
        letGo = resolve;
      });
      return () => letGo();
    },
    ledger: () => fallback.use((store) => store.ledger()),
    append: (list) =>
      fallback.use((store, isAgain = false) => {
        again.push(isAgain);
        return store.append(list, START_MS);
      }),
    again,
    handedOn,
  };
}

describe('as long as IndexedDB works', () => {
  test('it is used, through one handle, and nothing else is loaded', async () => {
    const { fallback, append, ledger, disk, loads, clock, again } = bench();
    await append(events('e', 2));
    await append(events('f', 1));
    expect(await ledger()).toMatchObject({ tracked: 3, pending: 3 });
    expect([disk.opens(), loads(), clock.timers(), again]).toEqual([1, 0, [], [false, false]]);
    expect([fallback.storage(), fallback.inMemory()]).toEqual(['indexeddb', []]);
  });

  test.each(['throws', 'done, but throws'] as const)(
    'a handle that %s once is replaced by a fresh one, which is told that it is not the first',
    async (fault) => {
      const { append, ledger, disk, loads, fallbacks, again } = bench();
      disk.fail(fault, ['append'], 1);
      await append(events('e', 1));
      await ledger();
      expect([disk.opens(), loads(), fallbacks, again]).toEqual([2, 0, [], [false, true]]);
    },
  );

  test('a handle that cannot even be made is one that failed', async () => {
    const { append, disk, loads } = bench();
    const { open } = disk;
    let refused = 1;
    disk.open = () => {
      if (refused-- > 0) throw new DOMException('no', 'SecurityError');
      return open();
    };
    await append(events('e', 1));
    expect([disk.opens(), loads()]).toEqual([1, 0]);
  });

  test('several calls that a dying handle fails together share the fresh one', async () => {
    const { append, disk, loads } = bench();
    await append(events('e', 1));
    disk.fail('throws', ['append'], 5);
    await Promise.all(Array.from({ length: 5 }, (_, i) => append(events(`f${i}-`, 1))));
    expect([disk.opens(), loads()]).toEqual([2, 0]);
  });
});

describe('when it has no answer', () => {
  test('the first one is waited for 2 s, all others 10 s', async () => {
    const first = bench();
    first.disk.fail('hangs', ['append'], 1);
    const early = first.append(events('e', 1));
    await first.clock.advance(1_999);
    expect(first.disk.calls).toHaveLength(1);
    await first.clock.advance(1);
    expect(first.disk.calls).toHaveLength(2);
    await early;
    first.disk.fail('hangs', ['append'], 1);
    const late = first.append(events('f', 1));
    await first.clock.advance(9_999);
    expect(first.disk.calls).toHaveLength(3);
    await first.clock.advance(1);
    expect(first.disk.calls).toHaveLength(4);
    await late;
    expect([first.loads(), first.clock.timers()]).toEqual([0, []]);
  });
});

describe('when it has failed twice', () => {
  test.each(['throws', 'hangs'] as const)(
    '(it %s) what is left to be done is done by the recovery',
    async (fault) => {
      const { fallback, append, disk, clock, loads, recoveries, handedOn } = bench();
      disk.fail(fault);
      const done = append(events('e', 1));
      await clock.advance(4_000);
      await done;
      disk.fail(undefined);
      await append(events('f', 1));
      expect([disk.calls.length, loads(), recoveries.length]).toEqual([2, 1, 1]);
      expect(handedOn).toEqual([true, false]);
      expect([fallback.storage(), fallback.inMemory()]).toEqual(['memory', WAITING]);
      expect(recoveries[0]).toMatchObject({ storage: 'indexeddb' });
      expect(clock.timers()).toEqual([]);
    },
  );

  test('several calls that fail together load it once', async () => {
    const { append, ledger, disk, loads, handedOn } = bench();
    disk.fail('throws');
    await Promise.all([append(events('e', 1)), append(events('f', 1)), ledger(), ledger()]);
    expect([loads(), handedOn.length]).toEqual([1, 4]);
  });

  test('several calls that fail one after the other have one recovery, too', async () => {
    const { append, disk, clock, loads, recoveries } = bench();
    await append(events('e', 1));
    disk.fail('hangs', ['append'], 1);
    const slow = append(events('slow', 1));
    await clock.advance(10_000);
    await slow;
    disk.fail('hangs');
    const hanging = append(events('f', 1));
    await clock.advance(9_000);
    disk.fail('throws');
    await append(events('g', 1));
    await clock.advance(20_000);
    await hanging;
    expect([loads(), recoveries.length]).toEqual([1, 1]);
  });

  test('an answer that comes while the recovery is at work does not count: it is asked again', async () => {
    const { append, ledger, disk, again, handedOn } = bench();
    await append(events('e', 1));
    const letGo = disk.hold('append');
    const late = append(events('f', 1));
    await settled();
    disk.fail('throws', ['ledger']);
    expect(await ledger()).toMatchObject({ tracked: 0 });
    letGo();
    await late;
    expect(again).toEqual([false, false, true]);
    expect(handedOn).toEqual([true, true]);
    expect(await ledger()).toMatchObject({ tracked: 1 });
  });

  test('what comes while it is loaded waits for it', async () => {
    const { append, ledger, disk, holdLoad, handedOn } = bench();
    const letGo = holdLoad();
    disk.fail('throws');
    const first = append(events('e', 1));
    await settled();
    const second = ledger();
    await settled();
    expect([disk.calls.length, handedOn]).toEqual([2, []]);
    letGo();
    await Promise.all([first, second]);
    expect(handedOn).toEqual([true, false]);
  });
});

describe('when the file of the recovery cannot be loaded', () => {
  test('nothing rejects, it is told, and tried again after 30 s', async () => {
    const { append, disk, clock, loads, fallbacks, setMissing, handedOn } = bench();
    disk.fail('throws');
    setMissing(true);
    const done = append(events('e', 1));
    await clock.advance(29_999);
    expect([loads(), fallbacks.length]).toEqual([1, 1]);
    await clock.advance(1);
    expect(loads()).toBe(2);
    setMissing(false);
    await clock.advance(30_000);
    await done;
    expect([loads(), handedOn]).toEqual([3, [true]]);
    expect(clock.timers()).toEqual([]);
  });

  test('it is not needed if IndexedDB works again by then, and nothing was lost', async () => {
    const { fallback, append, disk, clock, setMissing, handedOn } = bench();
    disk.fail('throws');
    setMissing(true);
    const early = append(events('e', 1));
    await settled();
    const late = append(events('f', 2));
    await settled();
    disk.fail(undefined);
    await clock.advance(30_000);
    await Promise.all([early, late]);
    const { events: found } = await fallback.use((store) => store.oldest(BATCH, START_MS));
    expect([...idsOf(found)].sort()).toEqual(['e1', 'f1', 'f2']);
    expect([handedOn, clock.timers()]).toEqual([[], []]);
  });

  test('and memory is what the application wants, no database is touched', async () => {
    const { append, disk, clock, setMissing, handedOn } = bench('memory');
    setMissing(true);
    const done = append(events('e', 1));
    await clock.advance(90_000);
    expect(disk.opens()).toBe(0);
    setMissing(false);
    await clock.advance(30_000);
    await done;
    expect([disk.opens(), handedOn.length]).toEqual([0, 1]);
  });
});

test('where memory is what the application wants, no database is touched', async () => {
  const { fallback, append, ledger, disk, loads, recoveries } = bench('memory');
  expect(fallback.storage()).toBe('memory');
  await append(events('e', 2));
  expect(await ledger()).toMatchObject({ tracked: 2 });
  expect([disk.opens(), loads(), recoveries[0]?.storage]).toEqual([0, 1, 'memory']);
});
