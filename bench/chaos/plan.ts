import { parseArgs } from 'node:util';
import { createNumberOption } from '../number-option.ts';

/** One run. */
export interface Plan {
  readonly events: number;
  readonly seed: number;
  /** Events of one batch, at most. */
  readonly batch: number;
  /** Batches under way at a time. */
  readonly clients: number;
  /** Events a second, at most. */
  readonly rate: number;
  /** A process is killed about so often, in milliseconds. 0: never. */
  readonly killEveryMs: number;
  /** For so long Customer.io is away, once. */
  readonly awayMs: number;
  /** Whether proxies and forwarders share a Redis for what they deduplicate. */
  readonly deduplicate: boolean;
  /** After that it gives up. */
  readonly mostMs: number;
}

export const USAGE = `npm run chaos -- [--seed=N] [--events=200000] [--batch=20] [--clients=32] [--rate=4000] [--kill-every=3000]
  [--away=20] [--no-deduplicate] [--minutes=30]
Two proxies, three NATS nodes, two forwarders and a Redis, each a process of its own, of which one after the other is killed
(SIGKILL) and started again, while Customer.io is away for a while: does it get every event that a browser was told 200 for?
Prints what arrived, and ends with 1 where an event is lost. Needs nats-server and redis-server.`;

/** @throws where an argument is wrong or unknown. `null`: only how it is called is asked for */
export function readPlan(args: readonly string[]): Plan | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      events: { type: 'string', default: '200000' },
      batch: { type: 'string', default: '20' },
      clients: { type: 'string', default: '32' },
      rate: { type: 'string', default: '4000' },
      'kill-every': { type: 'string', default: '3000' },
      away: { type: 'string', default: '20' },
      'no-deduplicate': { type: 'boolean', default: false },
      minutes: { type: 'string', default: '30' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const number = createNumberOption<Exclude<keyof typeof values, 'help' | 'no-deduplicate'>>(values);
  return {
    events: Math.round(number('events', 1, 20_000_000)),
    seed: number('seed', 0, Number.MAX_SAFE_INTEGER),
    batch: Math.round(number('batch', 1, 500)),
    clients: Math.round(number('clients', 1, 500)),
    rate: number('rate', 1, 1_000_000),
    killEveryMs: number('kill-every', 0, 3_600_000),
    awayMs: number('away', 0, 3_600) * 1_000,
    deduplicate: !values['no-deduplicate'],
    mostMs: number('minutes', 0.1, 24 * 60) * 60_000,
  };
}
