/** Access to the consent platform of the page: its globals, its events, and waiting for a platform that loads later. */
import { callAfter, inBrowser, onPageEvent, pageGlobal } from '../browser.ts';

export { asksForPrivacy, inBrowser, printer } from '../browser.ts';

export type Stop = () => void;

export const noStop: Stop = () => undefined;

/** Reads a global of the page. Platforms load late, so read it again each time. */
export const globalNamed = (name: string): unknown => (inBrowser() ? pageGlobal()[name] : undefined);

/** A queue of a platform: a list before the platform has loaded; later an object whose `push` works at once. */
export interface PlatformQueue {
  push(...items: readonly unknown[]): unknown;
}

/** Returns the page's queue of that name, and makes it where it is missing, as the snippets of the platforms do. */
export function queueNamed(name: string): PlatformQueue {
  const page = pageGlobal();
  const queue = (page[name] ??= []) as Partial<PlatformQueue>;
  // A global without `push` is something else of the page: then this list is returned, which no platform reads.
  return typeof queue.push === 'function' ? (queue as PlatformQueue) : [];
}

export function onEvents(types: readonly string[], run: (event: Event) => void): Stop {
  const stops = types.map((type) => onPageEvent(type, run));
  return () => {
    for (const stop of stops) stop();
  };
}

/** Calls `look` at each event, and again a moment later: a platform may dispatch the event before it has stored the choices. */
export function onEventsAndAfter(types: readonly string[], look: (event: Event) => void): Stop {
  let cancel = noStop;
  const stop = onEvents(types, (event) => {
    cancel();
    // The timer is set before `look`, in which a listener may call the returned stop function.
    cancel = callAfter(AFTERMATH_MS, () => look(event));
    look(event);
  });
  return () => {
    stop();
    cancel();
  };
}

const AFTERMATH_MS = 50;

/**
 * Milliseconds between two checks for a platform that dispatches no event when it has loaded: the checks take a minute in all, and
 * are not repeated after that.
 */
const LOOKS_MS: readonly number[] = [50, 100, 250, 500, 1e3, 2e3, 4e3, 8e3, 16e3, 30e3];

/**
 * Runs `use` once, as soon as `find` returns a value: now, or at a later check. The returned function ends the wait, or calls the
 * stop function that `use` has returned.
 */
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
      // A listener that `use` has called may have stopped the wait meanwhile.
      if (isStopped) stop();
    });
    const delayMs = LOOKS_MS[turn];
    if (!isThere && delayMs !== undefined) stop = callAfter(delayMs, () => look(turn + 1));
  };
  look(0);
  return () => {
    isStopped = true;
    stop();
  };
}

/** Calls `run` after `delayMs`. The returned function cancels that. */
export const runLater = (delayMs: number, run: () => void): Stop => callAfter(delayMs, run);
