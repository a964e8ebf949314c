import { Agent, request } from 'node:http';
import type { Random } from '../../test/fakes/random.ts';
import { bodyOf, CLIENT_KEY } from './events.ts';

export interface ClientNeeds {
  /** Of all copies, whether they live or not. */
  readonly ports: readonly [number, ...number[]];
  readonly random: Random;
  /** The share of requests whose answer never arrives. */
  readonly lost: number;
  /** No more is begun. */
  readonly signal: AbortSignal;
}

export interface ClientTally {
  requests: number;
  /** Answers that were cut off on purpose. */
  cut: number;
}

/** Sends a batch until a copy has answered 200. */
export type Send = (events: readonly string[], tally: ClientTally) => Promise<void>;

/** After the body has left. Then Customer.io may have it, or not. */
const LATEST_CUT_MS = 60;
const ANSWER_MS = 15_000;
const SHORTEST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 400;
/** A batch that comes again need not be the same: the share of those that come in two parts. */
const HALVED = 0.25;

const HEADERS = {
  Authorization: `Basic ${Buffer.from(`${CLIENT_KEY}:`).toString('base64')}`,
  'Content-Type': 'application/json',
};

export function createSend({ ports, random, lost, signal }: ClientNeeds): Send {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

  /** `0`: no answer. */
  function post(body: string, isLost: boolean): Promise<number> {
    return new Promise((resolve) => {
      const asked = request(
        {
          agent,
          host: '127.0.0.1',
          port: random.pick(ports),
          path: '/v1/batch',
          method: 'POST',
          headers: HEADERS,
        },
        (answer) => {
          answer.on('error', () => resolve(0));
          answer.on('end', () => resolve(answer.statusCode ?? 0));
          answer.resume();
        },
      );
      asked.setTimeout(ANSWER_MS, () => asked.destroy());
      asked.on('error', () => resolve(0));
      asked.on('close', () => resolve(0));
      if (isLost) asked.on('finish', () => setTimeout(() => asked.destroy(), random.below(LATEST_CUT_MS)));
      asked.end(body);
    });
  }

  return async function send(events, tally) {
    const body = bodyOf(events);
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      const isLost = random.chance(lost);
      tally.requests += 1;
      const status = await post(body, isLost);
      if (status === 200) return;
      if (status === 0 && isLost) tally.cut += 1;
      const longestMs = Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** attempt);
      await new Promise((resolve) => setTimeout(resolve, random.below(longestMs)));
      if (events.length > 1 && random.chance(HALVED)) {
        const middle = 1 + random.below(events.length - 1);
        await Promise.all([send(events.slice(0, middle), tally), send(events.slice(middle), tally)]);
        return;
      }
    }
  };
}
