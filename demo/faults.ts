/** What the console can break: the proxy, Customer.io's answers, and how long these take. */
import { type Fields, integer, oneOf, readFields } from './fields.ts';

export interface Faults {
  /** `down`: connections to the proxy are cut without an answer; its scripts are still served. */
  readonly proxy: 'up' | 'down';
  /** What Customer.io answers. */
  readonly upstream: 200 | 429 | 500;
  /** How much longer Customer.io takes to answer, in milliseconds. */
  readonly latencyMs: number;
}

export interface FaultSwitches {
  current(): Faults;
  /** Takes some or all of the fields; says what is wrong and changes nothing when one of them is. */
  change(body: unknown): Fields<Faults>;
  /** Returns its own stop. */
  onChange(listener: (faults: Faults) => void): () => void;
}

export function createFaultSwitches(): FaultSwitches {
  let faults: Faults = { proxy: 'up', upstream: 200, latencyMs: 0 };
  const listeners = new Set<(faults: Faults) => void>();
  return {
    current: () => faults,
    change(body) {
      const read = readFields<Faults>(body, {
        proxy: oneOf('up', 'down'),
        upstream: oneOf(200, 429, 500),
        latencyMs: integer(0, 60_000),
      });
      if (read.ok) {
        faults = { ...faults, ...read.fields };
        for (const listener of listeners) listener(faults);
      }
      return read;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
