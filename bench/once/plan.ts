import { parseArgs } from 'node:util';
import { createNumberOption } from '../number-option.ts';

/** One run. */
export interface Plan {
  readonly events: number;
  readonly copies: number;
  /** Events a second, at most. A copy that has more to do than it can leaves Redis alone, and then nothing is proved. */
  readonly rate: number;
  /** Batches under way at a time. */
  readonly clients: number;
  readonly seed: number;
  /** The share of requests whose answer never arrives. */
  readonly lost: number;
  /** A copy is killed about so often, in milliseconds. 0: never. */
  readonly killEveryMs: number;
  /** The same for Redis. */
  readonly killRedisEveryMs: number;
  /** After that it gives up. */
  readonly mostMs: number;
}

export const USAGE = `npm run bench:once -- [--events=1000000] [--copies=4] [--rate=5000] [--clients=48] [--seed=N]
  [--lost=0.2] [--kill-every=3000] [--kill-redis] [--kill-redis-every=15000] [--minutes=60]
Several copies of the proxy share one Redis, answers get lost, copies are killed: does Customer.io get every event once?
Prints what arrived, and ends with 1 where an event is lost, or has come twice for no reason that is known.`;

const MOST = { events: 20_000_000, copies: 16, clients: 500, minutes: 24 * 60 };

/** @throws where an argument is wrong or unknown. `null`: only how it is called is asked for */
export function readPlan(args: readonly string[]): Plan | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      events: { type: 'string', default: '1000000' },
      copies: { type: 'string', default: '4' },
      rate: { type: 'string', default: '5000' },
      clients: { type: 'string', default: '48' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      lost: { type: 'string', default: '0.2' },
      'kill-every': { type: 'string', default: '3000' },
      'kill-redis': { type: 'boolean', default: false },
      'kill-redis-every': { type: 'string', default: '15000' },
      minutes: { type: 'string', default: '60' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const number = createNumberOption<Exclude<keyof typeof values, 'help' | 'kill-redis'>>(values);
  return {
    events: Math.round(number('events', 1, MOST.events)),
    copies: Math.round(number('copies', 2, MOST.copies)),
    rate: number('rate', 1, 1_000_000),
    clients: Math.round(number('clients', 1, MOST.clients)),
    seed: number('seed', 0, Number.MAX_SAFE_INTEGER),
    lost: number('lost', 0, 0.9),
    killEveryMs: number('kill-every', 0, 3_600_000),
    killRedisEveryMs: values['kill-redis'] ? number('kill-redis-every', 1_000, 3_600_000) : 0,
    mostMs: number('minutes', 0.1, MOST.minutes) * 60_000,
  };
}
