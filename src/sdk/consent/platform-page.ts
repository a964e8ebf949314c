/** What a consent platform leaves on the page: its globals, its events, and the wait for them. */
import { clock, inBrowser, onPageEvent, pageGlobal } from '../browser.ts';

export { asksForPrivacy, inBrowser, warnInConsole } from '../browser.ts';

export type Stop = () => void;

export const noStop: Stop = () => undefined;

/** What the page calls so now. Platforms come late, so ask again each time. */
export const globalNamed = (name: string): unknown => (inBrowser() ? pageGlobal()[name] : undefined);

/** Where platforms take what comes before they do: a list, and later something else that takes it at once. */
export interface PlatformQueue {
  push(...items: readonly unknown[]): unknown;
}

/** The page's queue of that name, made where it is missing, as the snippets of the platforms do themselves. */
export function queueNamed(name: string): PlatformQueue {
  const page = pageGlobal();
  const queue = (page[name] ??= []) as Partial<PlatformQueue>;
  // What is no queue is the page's own, and nobody reads this one.
  return typeof queue.push === 'function' ? (queue as PlatformQueue) : [];
}

export function onEvents(types: readonly string[], run: (event: Event) => void): Stop {
  const stops = types.map((type) => onPageEvent(type, run));
  return () => {
    for (const stop of stops) stop();
  };
}

/** Looks at each event, and once more a moment later: a platform may tell before it has stored what it tells of. */
export function onEventsAndAfter(types: readonly string[], look: (event: Event) => void): Stop {
  let cancel = noStop;
  const stop = onEvents(types, (event) => {
    cancel();
    // Before the look, in which somebody may stop.
    cancel = clock.after(AFTERMATH_MS, () => look(event));
    look(event);
  });
  return () => {
    stop();
    cancel();
  };
}

const AFTERMATH_MS = 50;

/** Milliseconds between looks for a platform that tells nobody that it has come: a minute in all, then never again. */
const LOOKS_MS: readonly number[] = [50, 100, 250, 500, 1e3, 2e3, 4e3, 8e3, 16e3, 30e3];

/** Runs `use` once `find` finds something, now or soon; what that answers is run by the stop. */
export function whenThere<T>(
  find: () => T | undefined,
  use: (found: T) => Stop,
  attempt: (act: () => void) => void,
): Stop {
  let stop = noStop;
  let isStopped = false;
  const look = (turn: number): void => {
    let isThere = false;
    attempt(() => {
      const found = find();
      isThere = found !== undefined;
      stop = found === undefined ? noStop : use(found);
      // Who is told of it at once may have stopped meanwhile.
      if (isStopped) stop();
    });
    const delayMs = LOOKS_MS[turn];
    if (!isThere && delayMs !== undefined) stop = clock.after(delayMs, () => look(turn + 1));
  };
  look(0);
  return () => {
    isStopped = true;
    stop();
  };
}

/** Runs it after this long. */
export const runLater = (delayMs: number, run: () => void): Stop => clock.after(delayMs, run);
