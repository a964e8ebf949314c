import type { Clock } from '../browser.ts';

export interface TitleWatchNeeds {
  readonly clock: Clock;
  isHidden(): boolean;
  /** Returns the current title of the page. */
  title(): string;
  settle(): void;
}

const LOOK_MS = 50;
/** The number of looks without a change after which a title has settled: some frameworks set it again a frame or two later. */
const QUIET_LOOKS = 2;
/** The number of looks after which a view is made anyway: not every page has a title of its own. */
const MOST_LOOKS = 20;

/**
 * Returns a function that watches the title, and begins again with each call. Its argument is the title at the moment when the URL
 * changed. Calls `settle` when the title has changed and then stayed the same for 100 ms, or after 1 s. A hidden page gets only one
 * more look, because browsers run its timers once a second, or less.
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
