import { settled } from '../../fakes/clock.ts';
import type { Step } from './step.ts';
import { awake, cache, hide, restore } from './tabs.ts';

const MINUTE = 60_000;

/** Steps that open, leave, stop and continue pages. */
export const STEPS_OF_PAGES: readonly Step[] = [
  {
    name: 'opens a tab',
    weight: 4,
    act(world) {
      if (world.tabs.length < world.plan.mostTabs) world.open();
    },
  },
  {
    name: 'leaves',
    weight: 3,
    act(world, tab) {
      world.leave(tab);
      world.end(tab);
    },
  },
  {
    name: 'reloads',
    weight: 4,
    act(world, tab) {
      world.leave(tab);
      world.end(tab);
      world.open();
    },
  },
  {
    name: 'leaves and comes back',
    weight: 4,
    async act(world, tab) {
      await cache(world, tab);
      await world.clock.advance(world.random.below(world.random.chance(0.5) ? 100 : MINUTE));
      restore(world, tab);
    },
  },
  {
    name: 'begins a navigation, which takes its time or leads nowhere',
    weight: 4,
    when: ({ departs }) => departs,
    async act(world, tab) {
      world.happen(tab, 'depart');
      await world.clock.advance(world.random.below(15_000));
      if (world.random.chance(0.5)) return;
      world.leave(tab);
      world.end(tab);
    },
  },
  { name: 'goes into the back/forward cache', weight: 3, act: cache },
  {
    name: 'the back/forward cache gives back a page',
    weight: 3,
    act(world) {
      const cached = world.tabs.find(({ state }) => state === 'cached');
      if (!cached) return;
      if (world.random.chance(0.7)) restore(world, cached);
      else world.end(cached);
    },
  },
  {
    name: 'is hidden or shown',
    weight: 6,
    act(world, tab) {
      if (tab.lifecycle.hidden()) world.happen(tab, 'show');
      else hide(world, tab);
    },
  },
  {
    name: 'is frozen',
    weight: 3,
    async act(world, tab) {
      if (!tab.lifecycle.hidden()) hide(world, tab);
      world.happen(tab, 'freeze');
      await world.clock.advance(world.random.below(10));
      world.suspend(tab, 'frozen');
      world.origin.disk.interrupt(tab.page);
    },
  },
  {
    name: 'a frozen page goes on',
    weight: 3,
    act(world) {
      const frozen = world.tabs.find(({ state }) => state === 'frozen');
      if (!frozen) return;
      if (world.random.chance(0.8)) awake(world, frozen);
      else world.end(frozen); // the browser needs the memory of the page
    },
  },
  {
    name: 'crashes',
    weight: 4,
    when: ({ crashes }) => crashes,
    act: (world, tab) => world.end(tab),
  },
  {
    name: 'is stuck',
    weight: 2,
    when: ({ crashes }) => crashes,
    async act(world, tab) {
      await settled(1);
      world.suspend(tab, 'stuck');
      tab.disturbed ??= 'stuck';
    },
  },
  {
    name: 'a stuck page goes on',
    weight: 3,
    when: ({ crashes }) => crashes,
    act(world) {
      const stuck = world.tabs.find(({ state }) => state === 'stuck');
      if (stuck) awake(world, stuck);
    },
  },
  {
    name: 'the application closes the SDK and makes it anew',
    weight: 1,
    act: (world, tab) => world.renew(tab),
  },
];
