import type { Plan } from './plan.ts';
import type { Tab, World } from './world.ts';

/** One step of the simulation, which happens to an open page or to the whole browser. */
export interface Step {
  readonly name: string;
  /** The relative frequency of the step. */
  readonly weight: number;
  readonly when?: (plan: Plan) => boolean;
  act(world: World, tab: Tab): void | Promise<void>;
}
