import { callSomething } from './calls.ts';
import type { Step } from './step.ts';

const MINUTE = 60_000;

/** Steps of the application, and the time between them. */
export const STEPS_OF_THE_APP: readonly Step[] = [
  {
    name: 'calls',
    weight: 40,
    act(world, tab) {
      for (let i = world.random.below(world.random.chance(0.1) ? 40 : 6); i >= 0; i--)
        callSomething(world, tab);
    },
  },
  {
    name: 'forgets the visitor',
    weight: 4,
    act: (_world, { page, analytics }) => page.run(() => analytics.anonymize()),
  },
  {
    name: 'sets the anonymous id',
    weight: 2,
    act: ({ random }, { page, analytics }) =>
      page.run(() => void analytics.setAnonymousId(`mine${random.below(3)}`)),
  },
  {
    name: 'goes to another page of the app',
    weight: 4,
    act: ({ random }, tab) => void (tab.path = `/${random.pick(['', 'shoes', 'cart'] as const)}`),
  },
  {
    name: 'flushes',
    weight: 4,
    act(world, tab) {
      world.nudge(tab);
      const { page, analytics, flushes } = tab;
      const flush = {};
      flushes.add(flush);
      page.run(() => void analytics.flush().then(() => flushes.delete(flush)));
    },
  },
  { name: 'moments pass', weight: 20, act: ({ clock, random }) => clock.advance(random.below(50)) },
  { name: 'seconds pass', weight: 20, act: ({ clock, random }) => clock.advance(random.below(5_000)) },
  { name: 'a minute passes', weight: 6, act: ({ clock, random }) => clock.advance(random.below(2 * MINUTE)) },
  { name: 'an hour passes', weight: 1, act: ({ clock, random }) => clock.advance(random.below(60 * MINUTE)) },
];
