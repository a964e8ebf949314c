import { clock, pageFacts } from '../browser.ts';
import type { Snapshot } from './snapshot.ts';

let earlier: Snapshot | undefined;

/** Time and page of the call that is being made. */
export const takeSnapshot = (): Snapshot => earlier ?? { at: clock.now(), page: pageFacts() };

/** What is called from here on is of that moment: a call that waited for the script. `undefined`: of now, again. */
export function replayFrom(to: Snapshot | undefined): void {
  earlier = to;
}
