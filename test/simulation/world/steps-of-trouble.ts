import type { DiskCondition } from './database-turns.ts';
import type { Step } from './step.ts';
import { changeNetworkCondition } from './tabs.ts';

const MINUTE = 60_000;

/** Steps that make something fail, and actions of the visitor. */
export const STEPS_OF_TROUBLE: readonly Step[] = [
  {
    name: 'the network changes',
    weight: 8,
    when: ({ networkFails }) => networkFails,
    act(world) {
      changeNetworkCondition(world, world.random.pick(['good', 'bad', 'bad', 'down', 'blocked'] as const));
    },
  },
  {
    name: 'the disk changes',
    weight: 7,
    when: ({ diskFails }) => diskFails,
    act({ origin, random, note }) {
      const condition = random.pick<DiskCondition>([
        'well',
        'well',
        'breaks',
        'breaks',
        'hangs',
        'refuses',
        'full',
      ]);
      note(`the disk: ${condition}`);
      origin.disk.become(condition);
    },
  },
  {
    name: 'localStorage is full, or is not any more',
    weight: 3,
    when: ({ text }) => text === 'full at times',
    act: ({ origin, random }) => origin.text.store.refuse(random.pick(['nothing', 'full'] as const)),
  },
  {
    name: 'the wall clock is set',
    weight: 3,
    when: ({ jumps }) => jumps,
    act: (world) => world.jump((world.random.below(2) || -1) * world.random.below(10 * MINUTE)),
  },
  {
    name: 'something on the disk rots',
    weight: 3,
    when: ({ rots }) => rots,
    act(world) {
      // A world makes one value unreadable at most: a page repairs its log once.
      if (!world.hasEverRotted) world.rot();
    },
  },
  {
    name: 'the visitor clears the data of the site',
    weight: 1,
    when: ({ clears }) => clears,
    act: (world) => world.clearSiteData(),
  },
  {
    name: 'the visitor withdraws consent',
    weight: 2,
    when: ({ withdraws }) => withdraws,
    act(world, { page, analytics }) {
      world.forgetStored();
      page.run(() => analytics.consent.deny());
    },
  },
  {
    name: 'the visitor consents',
    weight: 5,
    when: ({ withdraws }) => withdraws,
    act: (_world, { page, analytics }) => page.run(() => analytics.consent.grant()),
  },
];
