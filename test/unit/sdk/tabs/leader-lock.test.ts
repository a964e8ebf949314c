// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { createLeader, type Leader } from '../../../../src/sdk/tabs/leader-lock.ts';
import { type FakeClock, fakeClock, settled, START_MS } from '../../../fakes/clock.ts';
import { fakeLocks } from '../../../fakes/locks.ts';

interface Tab {
  readonly leader: Leader;
  gained(): number;
}

describe('with Web Locks', () => {
  function tab(locks: LockManager, { name = 'site', clock = fakeClock() } = {}): Tab {
    let gained = 0;
    const leader = createLeader({ name, locks, clock, gained: () => void (gained += 1) });
    return { leader, gained: () => gained };
  }

  test('one tab leads, and the next one takes over when it leaves', async () => {
    const locks = fakeLocks();
    const [first, second] = [tab(locks), tab(locks)];
    first.leader.join();
    second.leader.join();
    await settled();
    expect([first.leader.leads(), second.leader.leads()]).toEqual([true, false]);
    first.leader.leave();
    await settled();
    expect([first.leader.leads(), second.leader.leads()]).toEqual([false, true]);
    expect([first.gained(), second.gained()]).toEqual([1, 1]);
  });

  test('a tab that leaves before it was its turn never leads', async () => {
    const locks = fakeLocks();
    const [first, second, third] = [tab(locks), tab(locks), tab(locks)];
    for (const { leader } of [first, second, third]) leader.join();
    await settled();
    second.leader.leave();
    first.leader.leave();
    await settled();
    expect(second.gained()).toBe(0);
    expect(third.leader.leads()).toBe(true);
  });

  test('a tab that leaves and joins at once leads again', async () => {
    const locks = fakeLocks();
    const one = tab(locks);
    one.leader.join();
    one.leader.leave();
    one.leader.join();
    await settled();
    expect(one.leader.leads()).toBe(true);
    one.leader.leave();
    await settled();
    expect(one.leader.leads()).toBe(false);
    expect(locks.held()).toEqual([]);
  });

  test('joining twice takes one lock', async () => {
    const locks = fakeLocks();
    const one = tab(locks);
    one.leader.join();
    one.leader.join();
    await settled();
    one.leader.leave();
    await settled();
    expect(locks.held()).toEqual([]);
    expect(one.gained()).toBe(1);
  });

  test('sites do not disturb each other', async () => {
    const locks = fakeLocks();
    const [one, other] = [tab(locks, { name: 'one' }), tab(locks, { name: 'other' })];
    one.leader.join();
    other.leader.join();
    await settled();
    expect([one.leader.leads(), other.leader.leads()]).toEqual([true, true]);
  });

  test('a browser that refuses locks lets every tab send, which is better than none', async () => {
    const locks = fakeLocks();
    locks.refuse();
    const one = tab(locks);
    one.leader.join();
    await settled();
    await one.leader.ask();
    expect([one.leader.leads(), one.gained()]).toEqual([true, 1]);
  });

  test('it is known whether another tab stands ready', async () => {
    const locks = fakeLocks();
    const [first, second] = [tab(locks), tab(locks)];
    first.leader.join();
    await settled();
    await first.leader.ask();
    expect(first.leader.hasHeir()).toBe(false);
    second.leader.join();
    await first.leader.ask();
    expect(first.leader.hasHeir()).toBe(true);
    second.leader.leave();
    await first.leader.ask();
    expect(first.leader.hasHeir()).toBe(false);
  });

  test('a tab that stood in line itself does not take that for an heir when it leads', async () => {
    const locks = fakeLocks();
    const [first, second] = [tab(locks), tab(locks)];
    first.leader.join();
    second.leader.join();
    await settled();
    await second.leader.ask();
    first.leader.leave();
    await settled();
    expect([second.leader.leads(), second.leader.hasHeir()]).toEqual([true, false]);
  });

  describe('of which the first gives no sign of life', () => {
    interface Tabs {
      readonly clock: FakeClock;
      readonly first: Tab;
      readonly second: Tab;
      leads(): readonly boolean[];
      held(): readonly string[];
    }

    async function twoTabs(): Promise<Tabs> {
      const locks = fakeLocks();
      const clock = fakeClock();
      const [first, second] = [tab(locks, { clock }), tab(locks, { clock })];
      first.leader.join();
      second.leader.join();
      await settled();
      const leads = (): readonly boolean[] => [first.leader.leads(), second.leader.leads()];
      return { clock, first, second, leads, held: locks.held };
    }

    test('the second, which has something to send, takes the lock after 10 s', async () => {
      const { clock, second, leads } = await twoTabs();
      await second.leader.ask();
      await clock.advance(9_999);
      expect(leads()).toEqual([true, false]);
      await clock.advance(1);
      expect(leads()).toEqual([false, true]);
      expect(second.gained()).toBe(1);
    });

    test('the 10 s are counted from the first of its events on', async () => {
      const { clock, second, leads } = await twoTabs();
      for (let i = 0; i < 4; i++) {
        await second.leader.ask();
        await clock.advance(2_500);
      }
      expect(leads()).toEqual([false, true]);
    });

    test('a sign of life ends the doubt, until there is something to send again', async () => {
      const { clock, second, leads } = await twoTabs();
      await second.leader.ask();
      await clock.advance(9_000);
      second.leader.heard();
      expect(clock.timers()).toEqual([]);
      await clock.advance(60_000);
      expect(leads()).toEqual([true, false]);
      await second.leader.ask();
      await clock.advance(10_000);
      expect(leads()).toEqual([false, true]);
    });

    test('a tab that has nothing to send does not doubt, nor does the one that leads', async () => {
      const { clock, first, leads } = await twoTabs();
      await first.leader.ask();
      first.leader.heard();
      await clock.advance(3_600_000);
      expect([leads(), clock.timers()]).toEqual([[true, false], []]);
    });

    test('a tab that has left does not take the lock', async () => {
      const { clock, second, leads } = await twoTabs();
      await second.leader.ask();
      second.leader.leave();
      await second.leader.ask();
      expect(clock.timers()).toEqual([]);
      await clock.advance(60_000);
      expect([leads(), second.gained()]).toEqual([[true, false], 0]);
    });

    test('a tab that leaves while it takes the lock gives it up at once', async () => {
      const locks = fakeLocks();
      const clock = fakeClock(START_MS, 0);
      const [first, second] = [tab(locks, { clock }), tab(locks, { clock })];
      for (const { leader } of [first, second]) leader.join();
      await settled();
      await second.leader.ask();
      clock.after(10_000, second.leader.leave); // the tab has requested the lock, and not received it yet
      await clock.advance(10_000);
      await settled();
      expect([first.leader.leads(), second.leader.leads(), second.gained()]).toEqual([true, false, 0]);
      expect(locks.held()).toEqual(['site']);
    });

    test('a tab whose turn has come meanwhile does not take from itself what it has', async () => {
      const { clock, first, second, leads } = await twoTabs();
      await second.leader.ask();
      await clock.advance(5_000);
      first.leader.leave();
      await settled();
      expect(clock.timers()).toEqual([]);
      await clock.advance(60_000);
      expect([leads(), second.gained()]).toEqual([[false, true], 1]);
    });

    test('a tab that was deposed lines up again, and leads when the other one leaves', async () => {
      const { clock, first, second, leads } = await twoTabs();
      await second.leader.ask();
      await clock.advance(10_000);
      await second.leader.ask();
      expect(second.leader.hasHeir()).toBe(true);
      second.leader.leave();
      await settled();
      expect([leads(), first.gained()]).toEqual([[true, false], 2]);
    });

    test('a tab that was deposed and leaves holds nothing', async () => {
      const { clock, first, second, held } = await twoTabs();
      await second.leader.ask();
      await clock.advance(10_000);
      first.leader.leave();
      second.leader.leave();
      await settled();
      expect([held(), first.leader.leads(), second.leader.leads()]).toEqual([[], false, false]);
    });

    test('of several that take the lock one leads', async () => {
      const locks = fakeLocks();
      const clock = fakeClock();
      const tabs = Array.from({ length: 4 }, () => tab(locks, { clock }));
      for (const { leader } of tabs) leader.join();
      await settled();
      await Promise.all(tabs.map(({ leader }) => leader.ask()));
      await clock.advance(60_000);
      expect(tabs.filter(({ leader }) => leader.leads())).toHaveLength(1);
      expect([locks.held(), clock.timers()]).toEqual([['site'], []]);
    });
  });
});

describe('where locks never come', () => {
  test('no tab leads, and nothing is asked of it', async () => {
    const never = { request: () => new Promise<never>(() => {}), query: async () => ({}) };
    let gained = 0;
    const clock = fakeClock();
    const leader = createLeader({ name: 'site', locks: never, clock, gained: () => void (gained += 1) });
    leader.join();
    await leader.ask();
    leader.leave();
    await clock.advance(60_000);
    expect([leader.leads(), leader.hasHeir(), gained, clock.timers()]).toEqual([false, false, 0, []]);
  });
});

test.each([
  ['rejects', (): Promise<never> => Promise.reject(new Error('no'))],
  [
    'throws',
    (): Promise<never> => {
      throw new Error('no');
    },
  ],
])('a browser whose locks are something else that %s lets every tab send', async (_, refuse) => {
  let gained = 0;
  const locks = { request: refuse, query: refuse };
  const leader = createLeader({ name: 'site', locks, clock: fakeClock(), gained: () => void (gained += 1) });
  leader.join();
  await settled();
  await leader.ask();
  expect([leader.leads(), leader.hasHeir(), gained]).toEqual([true, false, 1]);
  leader.leave();
  expect(leader.leads()).toBe(false);
});
