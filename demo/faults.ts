/** The parts that the console can break: the proxy, Customer.io's answers, how long these take, the login, the server's clock, and the renderer of messages. */
import { type Fields, integer, oneOf, readFields } from './fields.ts';

/** What the shop's login does when it is asked for a customer token. */
export const LOGIN_BEHAVIOURS = [
  'fine',
  'slow',
  'failing',
  'null',
  'expired',
  'wrong-subject',
  'wrong-key',
] as const;
export type LoginBehaviour = (typeof LOGIN_BEHAVIOURS)[number];

/** The behaviour of the page in the frame of a message. `silent`: it never says that it is there. `broken`: it reports an error. */
export const RENDERER_BEHAVIOURS = ['fine', 'slow', 'silent', 'broken'] as const;
export type RendererBehaviour = (typeof RENDERER_BEHAVIOURS)[number];

export interface Faults {
  /** `down`: connections to the proxy are cut without an answer; its scripts are still served. */
  readonly proxy: 'up' | 'down';
  /** What Customer.io answers. */
  readonly upstream: 200 | 429 | 500;
  /** How much longer Customer.io takes to answer, in milliseconds. */
  readonly latencyMs: number;
  readonly login: LoginBehaviour;
  /** How long the tokens of the login are good, in seconds. */
  readonly tokenSeconds: number;
  /** By how many hours the clock of the proxy and the login is off. */
  readonly clockHours: number;
  /** The behaviour for messages that pages fetch from now on. */
  readonly renderer: RendererBehaviour;
}

export interface FaultSwitches {
  current(): Faults;
  /** Takes some or all of the fields; says what is wrong and changes nothing when one of them is. */
  change(body: unknown): Fields<Faults>;
  /** Returns its own stop. */
  onChange(listener: (faults: Faults) => void): () => void;
}

/** A token is renewed after four fifths of its time: within a minute that can be watched. */
const NO_FAULTS: Faults = {
  proxy: 'up',
  upstream: 200,
  latencyMs: 0,
  login: 'fine',
  tokenSeconds: 60,
  clockHours: 0,
  renderer: 'fine',
};

export function createFaultSwitches(): FaultSwitches {
  let faults = NO_FAULTS;
  const listeners = new Set<(faults: Faults) => void>();
  return {
    current: () => faults,
    change(body) {
      const read = readFields<Faults>(body, {
        proxy: oneOf('up', 'down'),
        upstream: oneOf(200, 429, 500),
        latencyMs: integer(0, 60_000),
        login: oneOf(...LOGIN_BEHAVIOURS),
        tokenSeconds: integer(5, 3_600),
        clockHours: integer(-24, 24),
        renderer: oneOf(...RENDERER_BEHAVIOURS),
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
