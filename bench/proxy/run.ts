import { setTimeout as wait } from 'node:timers/promises';
import autocannon from 'autocannon';
import { startServer } from '../../test/support/process.ts';
import { batchBody, EVENTS_PER_BATCH, HEADERS } from './load.ts';
import { cpuSeconds, residentMb } from './meter.ts';

export type CandidateName = 'ours' | 'guide' | 'bare';

/** One run of one candidate, alone with its load and its upstream. */
export interface Run {
  /** Events that arrived, for each second that one core worked for them. */
  readonly eventsPerCoreSecond: number;
  readonly eventsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** While half as many requests come. */
  readonly p99AtHalfMs: number;
  readonly residentMb: number;
}

const CONNECTIONS = 16;
const WARM_UP_BATCHES = 300;
const BODIES = 50;
const LONGEST_WAIT_MS = 60_000;

const CANDIDATE = 'bench/proxy/candidates/start.ts';

export async function runCandidate(name: CandidateName, seconds: number): Promise<Run> {
  const { proxy, arrived, stop } = await startCandidate(name);
  try {
    await fire(proxy.origin, { amount: WARM_UP_BATCHES });
    await settle(arrived, WARM_UP_BATCHES * EVENTS_PER_BATCH);

    const before = { events: await arrived(), cpu: cpuSeconds(proxy.pid) };
    const full = await fire(proxy.origin, { duration: seconds });
    const sent = full.requests.total * EVENTS_PER_BATCH;
    // Who answers first and sends later is not done yet.
    await settle(arrived, before.events + sent);
    const events = name === 'bare' ? sent : (await arrived()) - before.events;
    const cpu = cpuSeconds(proxy.pid) - before.cpu;

    const rate = Math.max(1, Math.floor(full.requests.average / 2));
    const half = await fire(proxy.origin, { duration: seconds, overallRate: rate });
    return {
      eventsPerCoreSecond: events / cpu,
      eventsPerSecond: full.requests.average * EVENTS_PER_BATCH,
      p50Ms: full.latency.p50,
      p99Ms: full.latency.p99,
      p99AtHalfMs: half.latency.p99,
      residentMb: residentMb(proxy.pid),
    };
  } finally {
    await stop();
  }

  async function settle(count: () => Promise<number>, expected: number): Promise<void> {
    if (name === 'bare') return;
    const giveUpAt = Date.now() + LONGEST_WAIT_MS;
    while ((await count()) < expected) {
      if (Date.now() > giveUpAt) throw new Error(`${name}: ${await count()} of ${expected} events arrived`);
      await wait(50);
    }
  }
}

/** Memory of our proxy after each tenth of so many batches, in MB. */
export async function memoryOver(batches: number): Promise<readonly number[]> {
  const { proxy, stop } = await startCandidate('ours');
  try {
    const samples: number[] = [];
    for (let tenth = 0; tenth < 10; tenth += 1) {
      await fire(proxy.origin, { amount: batches / 10 });
      samples.push(residentMb(proxy.pid));
    }
    return samples;
  } finally {
    await stop();
  }
}

async function startCandidate(name: CandidateName): Promise<{
  readonly proxy: Awaited<ReturnType<typeof startServer>>;
  arrived(): Promise<number>;
  stop(): Promise<void>;
}> {
  const upstream = await startServer(CANDIDATE, {}, ['upstream']);
  const proxy = await startServer(CANDIDATE, {}, [name, upstream.origin]);
  return {
    proxy,
    async arrived() {
      const answer = await fetch(upstream.origin);
      return ((await answer.json()) as { events: number }).events;
    },
    async stop() {
      await proxy.stop();
      await upstream.stop();
    },
  };
}

let bodies: readonly string[] | undefined;

async function fire(
  origin: string,
  limits: Pick<autocannon.Options, 'amount' | 'duration' | 'overallRate'>,
): Promise<autocannon.Result> {
  bodies ??= Array.from({ length: BODIES }, (_, i) => batchBody(i));
  const result = await autocannon({
    url: `${origin}/v1/batch`,
    connections: CONNECTIONS,
    requests: bodies.map((body) => ({ method: 'POST', headers: HEADERS, body })),
    ...limits,
  });
  if (result.non2xx || result.errors)
    throw new Error(`${result.non2xx} answers were not 2xx, ${result.errors} requests failed`);
  return result;
}
