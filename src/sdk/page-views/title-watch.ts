import type { Clock } from '../browser.ts';

export interface TitleWatchNeeds {
  readonly clock: Clock;
  isHidden(): boolean;
  /** Of the page, now. */
  title(): string;
  settle(): void;
}

const LOOK_MS = 50;
/** A title that was set is set again by some frameworks, a frame or two later. */
const QUIET_LOOKS = 2;
/** Not every page has a title of its own. */
const MOST_LOOKS = 20;

/**
 * Calls `settle` when the title has changed and then stayed the same for 100 ms, or after 1 s. A hidden page is looked at once
 * more, because browsers let its timers run once in a second, or less. The answer begins anew with each call, which is told the title that
 * there was when the address came.
 */
export function createTitleWatch({
  clock,
  isHidden,
  title,
  settle,
}: TitleWatchNeeds): (before: string) => void {
  let stop = (): void => undefined;
  return (before) => {
    stop();
    let last = before;
    let quiet: number | undefined;
    let looks = 0;
    function look(): void {
      const now = title();
      if (now !== last) quiet = 0;
      else if (quiet !== undefined) quiet++;
      last = now;
      if ((looks && isHidden()) || quiet === QUIET_LOOKS || looks++ === MOST_LOOKS) settle();
      else stop = clock.after(LOOK_MS, look);
    }
    look();
  };
}
