// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { createLeader, type Leader } from '../../../src/sender/leader.ts';
import { settled } from '../../fakes/clock.ts';
import { fakeLocks } from '../../fakes/locks.ts';

interface Tab {
  readonly leader: Leader;
  gained(): number;
}

describe('with Web Locks', () => {
  function tab(locks: LockManager, name = 'site'): Tab {
    let gained = 0;
    const byLease = (): Promise<Leader> => Promise.reject(new Error('there are locks'));
    const leader = createLeader({ name, locks, byLease, gained: () => void (gained += 1) });
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
    const [one, other] = [tab(locks, 'one'), tab(locks, 'other')];
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
    one.leader.ask();
    await settled();
    expect([one.leader.leads(), one.gained()]).toEqual([true, 1]);
  });

  test('it is known whether another tab stands ready', async () => {
    const locks = fakeLocks();
    const [first, second] = [tab(locks), tab(locks)];
    first.leader.join();
    await settled();
    first.leader.ask();
    await settled();
    expect(first.leader.hasHeir()).toBe(false);
    second.leader.join();
    first.leader.ask();
    await settled();
    expect(first.leader.hasHeir()).toBe(true);
    second.leader.leave();
    first.leader.ask();
    await settled();
    expect(first.leader.hasHeir()).toBe(false);
  });
});

describe('without Web Locks', () => {
  interface Loaded {
    readonly calls: string[];
    readonly leader: Leader;
    readonly tab: Tab;
    load(): Promise<void>;
    fail(): Promise<void>;
  }

  function waiting(): Loaded {
    const calls: string[] = [];
    let gained = 0;
    let [resolve, reject] = [(_leader: Leader): void => undefined, (_cause: unknown): void => undefined];
    const byLease: Leader = {
      leads: () => true,
      join: () => void calls.push('join'),
      leave: () => void calls.push('leave'),
      ask: () => void calls.push('ask'),
      hasHeir: () => false,
    };
    const leader = createLeader({
      name: 'site',
      locks: undefined,
      gained: () => void (gained += 1),
      byLease: () =>
        new Promise((onLoad, onError) => {
          [resolve, reject] = [onLoad, onError];
        }),
    });
    return {
      calls,
      leader,
      tab: { leader, gained: () => gained },
      async load() {
        resolve(byLease);
        await settled();
      },
      async fail() {
        reject(new Error('blocked'));
        await settled();
      },
    };
  }

  test('what takes their place is loaded, and joins if the page still wants it', async () => {
    const { leader, calls, load } = waiting();
    leader.join();
    leader.ask();
    expect([leader.leads(), leader.hasHeir(), calls]).toEqual([false, false, []]);
    await load();
    expect([leader.leads(), calls]).toEqual([true, ['join']]);
    leader.ask();
    leader.leave();
    expect(calls).toEqual(['join', 'ask', 'leave']);
  });

  test('a page that has left meanwhile does not join', async () => {
    const { leader, calls, load } = waiting();
    leader.join();
    leader.leave();
    await load();
    expect(calls).not.toContain('join');
  });

  test('and without what takes their place, every tab sends, which is better than none', async () => {
    const { leader, tab, fail } = waiting();
    leader.join();
    await fail();
    expect([leader.leads(), tab.gained()]).toEqual([true, 1]);
  });
});
