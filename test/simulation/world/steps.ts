import { settled } from '../../fakes/clock.ts';
import { STEPS_OF_PAGES } from './steps-of-pages.ts';
import { STEPS_OF_THE_APP } from './steps-of-the-app.ts';
import { STEPS_OF_TROUBLE } from './steps-of-trouble.ts';
import type { World } from './world.ts';

const STEPS = [...STEPS_OF_THE_APP, ...STEPS_OF_PAGES, ...STEPS_OF_TROUBLE];

/** Takes one random step. */
export async function takeStep(world: World): Promise<void> {
  const { plan, random, note } = world;
  const open = world.tabs.filter(({ state }) => state === 'open');
  const tab = open[random.below(open.length)] ?? world.open();
  const steps = STEPS.filter(({ when }) => !when || when(plan));
  let roll = random.below(steps.reduce((sum, { weight }) => sum + weight, 0));
  const step = steps.find(({ weight }) => (roll -= weight) < 0);
  if (!step) return;
  note(`${tab.page.name} ${step.name}`);
  await step.act(world, tab);
  // At random, the next step happens at the same time, without a wait.
  if (random.chance(0.7)) await settled(1);
}
