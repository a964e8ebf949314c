import { networkOf } from '../lib/ip-network.ts';
import { isNode } from '../lib/is-node.ts';

/** A limit for the bytes of the bodies of all requests that are not answered yet. */
export interface BodyBudget {
  /** Opens a lease for one request. `address`: the sender's IP address, where it is known. */
  open(address: string | undefined): BodyLease;
}

/** The part of the budget that one request uses. */
export interface BodyLease {
  /** Sets the part to `bytes`. Returns false, and leaves the part as it was, where the budget has no room for that. */
  hold(bytes: number): boolean;
  /** Gives the whole part back to the budget. */
  close(): void;
}

const MIB = 1024 * 1024;
const DEFAULT = { part: 1 / 8, least: 16 * MIB, most: 128 * MIB, unknown: 32 * MIB } as const;

/** The default of the option `maxInFlightBytes`: an eighth of the memory that the process may use, within limits. */
export function defaultInFlightBytes(): number {
  if (!isNode()) return DEFAULT.unknown;
  const { totalmem } = process.getBuiltinModule('node:os');
  // The memory limit of a container. Without one the result is 0, or more than the machine has. https://nodejs.org/api/process.html#processconstrainedmemory
  const allowed = process.constrainedMemory() || Infinity;
  const part = Math.min(allowed, totalmem()) * DEFAULT.part;
  return Math.round(Math.min(Math.max(part, DEFAULT.least), DEFAULT.most));
}

/**
 * While more than half of the budget is used, requests from one IP address may use an eighth of it at most: one sender cannot use
 * up the whole budget.
 */
const FAIR = { used: 1 / 2, ofOneAddress: 1 / 8 } as const;

/**
 * Counts the bytes that decompressed bodies take in memory, from their first byte until the response to their request. Without this
 * limit, many bodies that never end, or many batches that wait for a slow upstream, would fill the memory.
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

/** A class, because one is made for every request: its methods are shared, where an object literal would have closures of its own. */
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
    const addedBytes = bytes - this.#held;
    this.#counts.used += addedBytes;
    this.#held = bytes;
    if (this.#network === undefined) return;
    const total = (byNetwork.get(this.#network) ?? 0) + addedBytes;
    if (total > 0) byNetwork.set(this.#network, total);
    else byNetwork.delete(this.#network);
  }

  #hasRoom(addedBytes: number): boolean {
    const { used, maxBytes, byNetwork } = this.#counts;
    if (addedBytes <= 0 || used + addedBytes <= maxBytes * FAIR.used) return true;
    if (used + addedBytes > maxBytes) return false;
    // For a request without a known IP address, there is no limit for its sender.
    if (this.#network === undefined) return true;
    return (byNetwork.get(this.#network) ?? 0) + addedBytes <= maxBytes * FAIR.ofOneAddress;
  }
}
