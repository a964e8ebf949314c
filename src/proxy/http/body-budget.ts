import { networkOf } from '../lib/ip-network.ts';
import { isNode } from '../lib/is-node.ts';

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
  const counts: Counts = { used: 0, maxBytes, byNetwork: new Map() };
  return {
    open: (address) => new Lease(counts, address === undefined ? undefined : networkOf(address)),
  };
}

interface Counts {
  used: number;
  readonly maxBytes: number;
  readonly byNetwork: Map<string, number>;
}

/** A class, because there is one for every request. */
class Lease implements BodyLease {
  readonly #counts: Counts;
  readonly #network: string | undefined;
  #held = 0;

  constructor(counts: Counts, network: string | undefined) {
    this.#counts = counts;
    this.#network = network;
  }

  hold(bytes: number): boolean {
    if (!this.#hasRoom(bytes - this.#held)) return false;
    this.#set(bytes);
    return true;
  }

  close(): void {
    if (this.#held > 0) this.#set(0);
  }

  #set(bytes: number): void {
    const { byNetwork } = this.#counts;
    const more = bytes - this.#held;
    this.#counts.used += more;
    this.#held = bytes;
    if (this.#network === undefined) return;
    const all = (byNetwork.get(this.#network) ?? 0) + more;
    if (all > 0) byNetwork.set(this.#network, all);
    else byNetwork.delete(this.#network);
  }

  #hasRoom(more: number): boolean {
    const { used, maxBytes, byNetwork } = this.#counts;
    if (more <= 0 || used + more <= maxBytes * FAIR.used) return true;
    if (used + more > maxBytes) return false;
    // Where nobody knows who it is, there is no share.
    if (this.#network === undefined) return true;
    return (byNetwork.get(this.#network) ?? 0) + more <= maxBytes * FAIR.ofOneAddress;
  }
}
