/**
 * Finds the events of a failed batch that the server cannot take, in order, so that one of them does not hold up the rest.
 * Whoever uses it has made sure that the failure was not the server's being down.
 */
export interface Bisection<Item> {
  /** What to send next; empty when all is decided. */
  next(): readonly Item[];
  passed(): void;
  /** Answers the item to give up, once that is sure: at once where it was refused by name, else after a few tries. */
  failed(refused: boolean): Item | undefined;
}

interface Part<Item> {
  readonly items: readonly Item[];
  failures: number;
}

/** A crash may have had another cause; one that follows the same event so often has not. */
const CRASHES = 3;

export function createBisection<Item>(all: readonly Item[]): Bisection<Item> {
  const parts: Part<Item>[] = [{ items: all, failures: 0 }];
  return {
    next: () => parts[0]?.items ?? [],
    passed: () => void parts.shift(),
    failed(refused) {
      const part = parts[0];
      if (!part) return undefined;
      const { items } = part;
      if (items.length > 1) {
        const middle = Math.ceil(items.length / 2);
        const halves = [items.slice(0, middle), items.slice(middle)];
        parts.splice(0, 1, ...halves.map((half) => ({ items: half, failures: 0 })));
        return undefined;
      }
      if (!refused && ++part.failures < CRASHES) return undefined;
      parts.shift();
      return items[0];
    },
  };
}
