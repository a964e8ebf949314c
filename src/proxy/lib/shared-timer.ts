import { isNode } from './is-node.ts';

/** Calls `run` after so many milliseconds, unless the function that it returns is called before. */
export type StartTimer = (ms: number, run: () => void) => () => void;

const afterTimer: StartTimer = (ms, run) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};

/**
 * For what nearly always ends in time, such as a body that arrives: on Node one timer serves all that wait for the same number of
 * milliseconds, since a timer of its own costs a request more than reading its body does. The timer may run when nobody waits any more, and
 * keeps no process alive. Elsewhere a timer belongs to the request that has made it.
 */
export function createSharedTimer(): StartTimer {
  if (!isNode()) return afterTimer;
  const queues = new Map<number, StartTimer>();
  return (ms, run) => {
    let queue = queues.get(ms);
    if (queue === undefined) {
      queue = createQueue(ms);
      // The callers have a handful of different times, which are options.
      if (queues.size < MOST_QUEUES) queues.set(ms, queue);
    }
    return queue(ms, run);
  };
}

const MOST_QUEUES = 100;

interface Waiting {
  readonly dueAt: number;
  readonly run: () => void;
}

/** All wait equally long: who came first is due first. */
function createQueue(ms: number): StartTimer {
  const waiting = new Set<Waiting>();
  let isRunning = false;

  function start(forMs: number): void {
    isRunning = true;
    setTimeout(tick, forMs).unref();
  }

  function tick(): void {
    isRunning = false;
    const now = performance.now();
    for (const each of waiting) {
      if (each.dueAt > now) {
        start(Math.ceil(each.dueAt - now));
        return;
      }
      waiting.delete(each);
      each.run();
    }
  }

  return (_, run) => {
    const each: Waiting = { dueAt: performance.now() + ms, run };
    waiting.add(each);
    if (!isRunning) start(ms);
    return () => waiting.delete(each);
  };
}
