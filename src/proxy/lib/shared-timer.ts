import { isNode } from './is-node.ts';

/** Calls `run` after `ms` milliseconds. Returns the function that cancels the call. */
export type StartTimer = (ms: number, run: () => void) => () => void;

const afterTimer: StartTimer = (ms, run) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};

/**
 * Makes timers for work that nearly always ends in time, such as the arrival of a body. On Node all timers of the same number of
 * milliseconds share one timer of the runtime. A separate runtime timer would cost a request more than reading its body. The shared
 * timer may fire after all waiting was cancelled, and keeps no process alive. Other runtimes get a timer for each call: there, a
 * timer belongs to the request that has started it.
 */
export function createSharedTimer(): StartTimer {
  if (!isNode()) return afterTimer;
  const queues = new Map<number, StartTimer>();
  return (ms, run) => {
    let queue = queues.get(ms);
    if (queue === undefined) {
      queue = createQueue(ms);
      if (queues.size < MOST_QUEUES) queues.set(ms, queue);
    }
    return queue(ms, run);
  };
}

/** Most queues that are kept, each for one number of milliseconds. The numbers come from options, so there is a handful of them. */
const MOST_QUEUES = 100;

interface Waiting {
  readonly dueAt: number;
  readonly run: () => void;
}

/** A queue of timers with the same number of milliseconds: the first that was added is due first. */
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
