// @vitest-environment node
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Leader } from '../../../../src/sdk/tabs/leader-lock.ts';
import { createLeaseLeader } from '../../../../src/sdk/tabs/leader-lease.ts';
import { type FakeClock, fakeClock, settled, START_MS } from '../../../fakes/clock.ts';
import { fakeTextStore } from '../../../fakes/text-store.ts';

const TURNS = 30;
const YEAR_MS = 365 * 86_400_000;

interface Tab {
  readonly leader: Leader;
  gained(): number;
}

/** The tabs of one browser. */
function browser(): { readonly clock: FakeClock; tab(owner: string, name?: string): Tab } {
  const clock = fakeClock(START_MS, TURNS);
  const local = fakeTextStore();
  return {
    clock,
    tab(owner, name = 'site:lease') {
      let gained = 0;
      const leader = createLeaseLeader({
        name,
        owner,
        clock,
        local,
        releasedKey: `${name}:released`,
        gained: () => void (gained += 1),
      });
      return { leader, gained: () => gained };
    },
  };
}

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
  globalThis.IDBKeyRange = IDBKeyRange;
});

describe('a lease', () => {
  test('makes one tab lead; another takes over when that leaves', async () => {
    const { clock, tab } = browser();
    const [first, second] = [tab('first'), tab('second')];
    first.leader.join();
    await settled(TURNS);
    second.leader.join();
    await clock.advance(1_000);
    expect([first.leader.leads(), second.leader.leads()]).toEqual([true, false]);
    expect([first.gained(), second.gained()]).toEqual([1, 0]);
    first.leader.leave();
    await clock.advance(1_000);
    expect([first.leader.leads(), second.leader.leads()]).toEqual([false, true]);
  });

  describe('of a page that leaves, and whose last write never gets to the database,', () => {
    /** Ends the page of a tab: its unfinished writes are undone. */
    function dies(tab: Tab): void {
      const { open } = indexedDB;
      indexedDB.open = () => ({}) as IDBOpenDBRequest;
      tab.leader.leave();
      indexedDB.open = open;
    }

    test('is taken by the next page at once', async () => {
      const { clock, tab } = browser();
      const [first, second] = [tab('first'), tab('second')];
      first.leader.join();
      await settled(TURNS);
      dies(first);
      second.leader.join();
      await clock.advance(100);
      expect([second.leader.leads(), second.gained()]).toEqual([true, 1]);
    });

    test('is taken by a tab that has waited for it, when it hears of that', async () => {
      const { clock, tab } = browser();
      const [first, second] = [tab('first'), tab('second')];
      first.leader.join();
      await settled(TURNS);
      second.leader.join();
      await clock.advance(1_000);
      dies(first);
      expect(second.leader.leads()).toBe(false);
      await clock.advance(100);
      expect(second.leader.leads()).toBe(true);
    });

    test('binds others again when that page comes back', async () => {
      const { clock, tab } = browser();
      const [first, second] = [tab('first'), tab('second')];
      first.leader.join();
      await settled(TURNS);
      first.leader.leave();
      first.leader.join();
      await clock.advance(100);
      second.leader.join();
      await clock.advance(100);
      expect([first.leader.leads(), second.leader.leads()]).toEqual([true, false]);
    });
  });

  test('of a tab that died ends by itself', async () => {
    const { clock, tab } = browser();
    const [first, second] = [tab('first'), tab('second')];
    first.leader.join();
    await settled(TURNS);
    second.leader.join();
    await clock.advance(20_000);
    expect([second.leader.leads(), second.gained()]).toEqual([true, 1]);
  });

  test('is renewed by a tab that has something to send', async () => {
    const { clock, tab } = browser();
    const [first, second] = [tab('first'), tab('second')];
    first.leader.join();
    await settled(TURNS);
    second.leader.join();
    for (let i = 0; i < 20; i++) {
      await clock.advance(5_000);
      await first.leader.ask();
      await settled(TURNS);
      expect([first.leader.leads(), second.leader.leads()]).toEqual([true, false]);
    }
    expect(first.gained()).toBe(1);
  });

  test('that has ended is taken again by a lone tab that looks whether it may send', async () => {
    const { clock, tab } = browser();
    const { leader, gained } = tab('only');
    leader.join();
    await clock.advance(60_000);
    expect(leader.leads()).toBe(false);
    await settled(TURNS);
    expect([leader.leads(), gained()]).toEqual([true, 2]);
  });

  test('needs no sign of life, and names nobody who could take over', async () => {
    const { clock, tab } = browser();
    const [first, second] = [tab('first'), tab('second')];
    for (const { leader } of [first, second]) leader.join();
    await clock.advance(1_000);
    for (const { leader } of [first, second]) leader.heard();
    expect([first.leader.hasHeir(), second.leader.hasHeir()]).toEqual([false, false]);
    await clock.advance(20_000);
    expect([first.leader.leads(), second.leader.leads()].filter(Boolean)).toHaveLength(1);
  });

  test('needs no timer while nothing waits', async () => {
    const { clock, tab } = browser();
    tab('only').leader.join();
    await clock.advance(3_600_000);
    expect(clock.timers()).toEqual([]);
  });

  test('is held by one tab at a time, whatever they do', async () => {
    const { clock, tab } = browser();
    const tabs = [tab('a'), tab('b'), tab('c')];
    for (const { leader } of tabs) leader.join();
    for (let i = 0; i < 150; i++) {
      const leader = tabs[i % 3]?.leader;
      if (i % 7 === 0) leader?.leave();
      else if (i % 5 === 0) leader?.join();
      else await leader?.ask();
      await clock.advance((i * 977) % 9_000);
      expect(tabs.filter((each) => each.leader.leads()).length).toBeLessThanOrEqual(1);
    }
  });

  test('is not kept by a tab that left while it was asking', async () => {
    const { clock, tab } = browser();
    const [first, second] = [tab('first'), tab('second')];
    first.leader.join();
    first.leader.leave();
    await settled(TURNS);
    second.leader.join();
    await clock.advance(1_000);
    expect([first.leader.leads(), second.leader.leads()]).toEqual([false, true]);
  });

  test('that was taken while the clock was ahead binds nobody', async () => {
    const { clock, tab } = browser();
    const [first, second] = [tab('first'), tab('second')];
    clock.set(START_MS + YEAR_MS);
    first.leader.join();
    await settled(TURNS);
    clock.set(START_MS);
    second.leader.join();
    await clock.advance(1_000);
    expect(second.leader.leads()).toBe(true);
  });

  test('of another site is another one', async () => {
    const { clock, tab } = browser();
    const [one, other] = [tab('a', 'one:lease'), tab('b', 'other:lease')];
    one.leader.join();
    other.leader.join();
    await clock.advance(1_000);
    expect([one.leader.leads(), other.leader.leads()]).toEqual([true, true]);
  });

  test('is everybody’s where the browser refuses a database', async () => {
    Reflect.deleteProperty(globalThis, 'indexedDB');
    const { clock, tab } = browser();
    const { leader } = tab('only');
    leader.join();
    await clock.advance(1_000);
    expect(leader.leads()).toBe(true);
  });

  test('does not hold up a tab that deletes its database', async () => {
    const { clock, tab } = browser();
    const { leader } = tab('only');
    leader.join();
    await clock.advance(1_000);
    leader.leave();
    await settled(TURNS);
    const request = indexedDB.deleteDatabase('site:lease');
    await new Promise((resolve, reject) => {
      request.onsuccess = resolve;
      request.onerror = reject;
      request.onblocked = () => reject(new Error('blocked'));
    });
    expect(await indexedDB.databases()).toEqual([]);
  });
});
