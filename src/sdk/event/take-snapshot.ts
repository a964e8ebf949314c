import { clock, pageFacts } from '../browser.ts';
import type { Snapshot } from './snapshot.ts';

let earlier: Snapshot | undefined;

/** Returns time and page of the current call: those of now, or those that `replayFrom` has set. */
export const takeSnapshot = (): Snapshot => earlier ?? { at: clock.now(), page: pageFacts() };

/** Sets time and page for the next calls, which are calls that have waited for the script. `undefined`: time and page of now again. */
export function replayFrom(to: Snapshot | undefined): void {
  earlier = to;
}
