import { networkOf } from './network.ts';
import { isNode } from './node-runtime.ts';

/** The bytes of all bodies that are under way. */
export interface BodyBudget {
  /** For one request. `address`: who sends it, where that is known. */
  open(address: string | undefined): BodyLease;
}

/** What one request holds of the budget. */
export interface BodyLease {
  /** From now on it holds `bytes`. Answers whether there is room for them; otherwise it holds what it held before. */
  hold(bytes: number): boolean;
  /** It holds nothing any more. */
  close(): void;
}

const MIB = 1024 * 1024;
const DEFAULT = { part: 1 / 8, least: 16 * MIB, most: 128 * MIB, unknown: 32 * MIB } as const;

/** How many bytes bodies may take where nobody has said it. */
export function usualInFlightBytes(): number {
  if (!isNode()) return DEFAULT.unknown;
  const { totalmem } = process.getBuiltinModule('node:os');
  // What a container may use; without a limit it is 0, or more than there is. https://nodejs.org/api/process.html#processconstrainedmemory
  const allowed = process.constrainedMemory() || Infinity;
  const part = Math.min(allowed, totalmem()) * DEFAULT.part;
  return Math.round(Math.min(Math.max(part, DEFAULT.least), DEFAULT.most));
}

/** Beyond this part of the budget an address that has this part of it gets no more, so that there is something left for others. */
const FAIR = { used: 1 / 2, ofOneAddress: 1 / 8 } as const;

/**
 * Counts what the bodies of requests take in memory, unpacked, from their first byte until their answer. Without it, many bodies that
 * nobody finishes, or batches that wait for a slow upstream, fill the memory.
 */
export function createBodyBudget(maxBytes: number): BodyBudget {
  let used = 0;
  const byNetwork = new Map<string, number>();

  return {
    open(address) {
      const network = address === undefined ? undefined : networkOf(address);
      let held = 0;

      function set(bytes: number): void {
        const more = bytes - held;
        used += more;
        held = bytes;
        if (network === undefined) return;
        const all = (byNetwork.get(network) ?? 0) + more;
        if (all > 0) byNetwork.set(network, all);
        else byNetwork.delete(network);
      }

      function hasRoom(more: number): boolean {
        if (more <= 0 || used + more <= maxBytes * FAIR.used) return true;
        const own = network === undefined ? 0 : (byNetwork.get(network) ?? 0);
        return used + more <= maxBytes && own + more <= maxBytes * FAIR.ofOneAddress;
      }

      return {
        hold(bytes) {
          if (!hasRoom(bytes - held)) return false;
          set(bytes);
          return true;
        },
        close: () => set(0),
      };
    },
  };
}
