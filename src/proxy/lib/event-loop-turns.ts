import { isNode } from './is-node.ts';

/** Waits until the caller may do some milliseconds of work. */
export type TakeTurn = () => Promise<void>;

/** How long callers may work in one turn of the event loop before the next of them waits for another turn, in milliseconds. */
const MOST_MS = 5;

/**
 * Spreads work over turns of the event loop. Decompressing and reading some kilobytes of gzip takes milliseconds; a thousand such
 * bodies at once would block all other requests until the last is done. With turns, waiting callers continue one by one, and other
 * requests are served between two turns.
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
