import { checkEnd, checkNow } from './checks.ts';
import { takeStep } from './steps.ts';
import { createWorld, type World } from './world.ts';

/** The number of story lines that an error message contains: `STORY=1000` for the whole story. */
const { STORY = '40' } = process.env;

/** Runs one world. @throws with the seed and the last lines of the story when a rule was violated */
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
