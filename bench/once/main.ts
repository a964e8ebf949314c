/**
 * Several copies of the proxy share one Redis; answers get lost, copies are killed and started again, Redis too if it is asked
 * for. Every batch is sent until a copy has answered 200. Does Customer.io get every event, and each of them once?
 * Needs `npm run build`, and a redis-server.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { seeded } from '../../test/fakes/random.ts';
import { freePort } from '../../test/support/server/listen.ts';
import { startRedis } from '../../test/support/brokers/redis-server.ts';
import { kill, nextOf, startChild } from './child.ts';
import { type ClientTally, createSend } from './client.ts';
import { startCopies } from './copies.ts';
import { eventText } from './events.ts';
import { repeat } from './every.ts';
import { type Plan, readPlan, USAGE } from './plan.ts';
import type { Counted } from './upstream.ts';
import { reasonsOf } from './verdict.ts';

const [SMALLEST_BATCH, LARGEST_BATCH] = [50, 100];
const TELL_EVERY_MS = 10_000;
const LONGEST_REDIS_OUTAGE_MS = 1_500;

interface Outcome {
  readonly counted: Counted;
  readonly tally: ClientTally;
  readonly answered: number;
  readonly kills: number;
  readonly redisKills: number;
  readonly unknown: number;
  readonly alone: number;
  readonly reasons: ReturnType<typeof reasonsOf>;
  readonly seconds: number;
}

async function run(plan: Plan): Promise<Outcome> {
  const random = seeded(plan.seed);
  /** What was started last ends first. */
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const redis = await startRedis();
    stops.unshift(() => redis.remove());
    const upstream = startChild('upstream.ts', [plan.events, plan.copies, plan.seed]);
    stops.unshift(() => kill(upstream));
    const { ports: upstreamPorts } = (await nextOf(upstream)) as { ports: number[] };
    const [first, ...others] = await Promise.all(Array.from({ length: plan.copies }, freePort));
    if (first === undefined) throw new Error('There are no copies');
    const ports: [number, ...number[]] = [first, ...others];
    const copies = await startCopies({ ports, upstreamPorts, redisUrl: redis.url });
    stops.unshift(() => copies.stop());

    const startedAt = performance.now();
    const redisKills: number[] = [];
    const killing = repeat(plan.killEveryMs, random.next, () => copies.replace(random.below(plan.copies)));
    const killingRedis = repeat(plan.killRedisEveryMs, random.next, async () => {
      redisKills.push(Date.now());
      await redis.kill();
      await wait(random.below(LONGEST_REDIS_OUTAGE_MS));
      await redis.start();
    });

    const tally: ClientTally = { requests: 0, cut: 0 };
    const giveUp = AbortSignal.timeout(plan.mostMs);
    const send = createSend({ ports, random, lost: plan.lost, signal: giveUp });
    let [given, answered] = [0, 0];
    async function work(): Promise<void> {
      while (given < plan.events && !giveUp.aborted) {
        const from = given;
        const size = SMALLEST_BATCH + random.below(LARGEST_BATCH - SMALLEST_BATCH + 1);
        const to = Math.min(plan.events, from + size);
        given = to;
        const earlyMs = startedAt + (from / plan.rate) * 1_000 - performance.now();
        if (earlyMs > 0) await wait(earlyMs);
        await send(
          Array.from({ length: to - from }, (_, i) => eventText(from + i)),
          tally,
        );
        if (!giveUp.aborted) answered += to - from;
      }
    }
    const telling = setInterval(
      () => console.error(`${answered} of ${plan.events} events answered, ${copies.kills.length} kills`),
      TELL_EVERY_MS,
    );
    await Promise.all(Array.from({ length: plan.clients }, work));
    clearInterval(telling);
    const seconds = (performance.now() - startedAt) / 1_000;
    await Promise.all([killing.stop(), killingRedis.stop()]);

    upstream.send('count');
    const counted = (await nextOf(upstream)) as Counted;
    const { kills, rests, unknown } = copies;
    const reasons = reasonsOf(counted.repeated, { kills, redisKills, rests });
    return {
      counted,
      tally,
      answered,
      kills: kills.length,
      redisKills: redisKills.length,
      unknown,
      alone: rests.length,
      reasons,
      seconds,
    };
  } finally {
    for (const stop of stops) await stop();
  }
}

function print(plan: Plan, outcome: Outcome): number {
  const { counted, tally, reasons } = outcome;
  const lost = plan.events - counted.events;
  const all = reasons.killed + reasons.redisKilled + reasons.alone + reasons.none;
  const rows: readonly (readonly [name: string, value: string | number])[] = [
    ['seed', plan.seed],
    ['seconds', outcome.seconds.toFixed(1)],
    ['events', plan.events],
    ['events whose batch was answered 200', outcome.answered],
    ['requests of browsers', tally.requests],
    ['requests whose answer was cut off', tally.cut],
    ['requests to Customer.io', counted.requests],
    ['copies killed', outcome.kills],
    ['Redis killed', outcome.redisKills],
    ['lost', lost],
    ['duplicates', all],
    ['… by a copy that was killed before it had remembered', reasons.killed],
    ['… since Redis was killed, and forgot', reasons.redisKilled],
    ['… while a copy left Redis alone, which was too slow or away', reasons.alone],
    ['… for no reason', reasons.none],
    ['"unknown" in the logs of the proxies', outcome.unknown],
    ['times that a copy has left Redis alone', outcome.alone],
  ];
  for (const [name, value] of rows) console.log(`${name.padEnd(62)} ${String(value).padStart(10)}`);
  if (reasons.alone > 0 && outcome.redisKills === 0)
    console.log('A copy had more to do than it could: a smaller --rate says more about the rest.');
  const isWhole = outcome.answered === plan.events;
  if (!isWhole) console.log('It took too long: not everything was sent.');
  return isWhole && lost === 0 && reasons.none === 0 ? 0 : 1;
}

try {
  const plan = readPlan(process.argv.slice(2));
  if (plan === null) console.log(USAGE);
  else process.exitCode = print(plan, await run(plan));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
