import { isNode } from './is-node.ts';

/** Waits until it may do some milliseconds of work. */
export type TakeTurn = () => Promise<void>;

/** So much of that work is done in one turn of the event loop. */
const MOST_MS = 5;

/**
 * Spreads work over turns of the event loop: some kilobytes that were packed take milliseconds to unpack and to read, and a thousand of
 * them at once would keep everybody else waiting for all of them. Those that wait go one by one, and others are served in between.
 */
export function createTurns(now: () => number = () => performance.now()): TakeTurn {
  if (!isNode()) return async () => {};
  const waiting: (() => void)[] = [];
  let turnSince: number | undefined;

  function nextTurn(): void {
    turnSince = undefined;
    const next = waiting.shift();
    if (next === undefined) return;
    begin();
    next();
  }

  function begin(): void {
    turnSince = now();
    setImmediate(nextTurn);
  }

  return async () => {
    if (turnSince === undefined) return begin();
    if (waiting.length === 0 && now() - turnSince < MOST_MS) return;
    await new Promise<void>((resolve) => waiting.push(resolve));
  };
}
