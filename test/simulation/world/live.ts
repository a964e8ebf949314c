import { checkEnd, checkNow } from './checks.ts';
import { takeStep } from './steps.ts';
import { createWorld, type World } from './world.ts';

/** Lines of its story that a world tells when something is wrong: `STORY=1000` for all of it. */
const { STORY = '40' } = process.env;

/** Lives through one world; what goes wrong is thrown with its seed and what happened last. */
export async function live(seed: number, steps: number): Promise<World> {
  const world = createWorld(seed);
  const note = (cause: unknown): void =>
    world.attempt(() => {
      throw new Error(`Nobody has handled ${String(cause)}`, { cause });
    });
  process.on('unhandledRejection', note);
  let step = 0;
  try {
    world.open();
    for (; step < steps; step++) {
      await takeStep(world);
      checkNow(world);
    }
    await checkEnd(world);
    return world;
  } catch (cause) {
    const { plan, story } = world;
    const what = cause instanceof Error ? cause.message : String(cause);
    const last = story.slice(-Number(STORY)).join('\n');
    throw new Error(`SEED=${seed} (${plan.kind}), step ${step}: ${what}\n${JSON.stringify(plan)}\n${last}`, {
      cause,
    });
  } finally {
    process.off('unhandledRejection', note);
    for (const tab of [...world.tabs]) world.end(tab);
  }
}
