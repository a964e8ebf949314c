import type { Plan } from './plan.ts';
import type { Tab, World } from './world.ts';

/** One thing that happens: to a page that is open, or to the browser as a whole. */
export interface Step {
  readonly name: string;
  /** How often, against the others. */
  readonly weight: number;
  readonly when?: (plan: Plan) => boolean;
  act(world: World, tab: Tab): void | Promise<void>;
}
