import { setTimeout as wait } from 'node:timers/promises';
import autocannon from 'autocannon';
import { type ServerProcess, startServer } from '../../test/support/server/process.ts';
import { median } from '../statistics.ts';
import { createLoad, EVENTS_PER_BATCH, HEADERS } from './load.ts';
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
const WARM_UP_PAIRS = 4;
const TURN_BATCHES = 320;
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

/** The cost of deduplication, as a share of the processor time that the proxy needs without it. */
export interface Cost {
  readonly part: number;
  /** Microseconds of processor time for a batch, without it and with it. */
  readonly withoutUs: number;
  readonly withUs: number;
}

/**
 * Two proxies that are alike but for that take turns in one process, each for a moment, so that whatever else this machine does
 * meets both. The median of the pairs, and of the processes.
 */
export async function costOfDeduplication(processes: number, pairs: number): Promise<Cost> {
  const costs: Cost[] = [];
  for (let nth = 0; nth < processes; nth += 1) costs.push(await costInProcess(pairs));
  return middleOf(costs);
}

async function costInProcess(pairs: number): Promise<Cost> {
  const { proxy, arrived, stop } = await startCandidate('both');
  const used = async (): Promise<number> => {
    const answer = await fetch(proxy.origin);
    return ((await answer.json()) as { used: number }).used;
  };
  async function turnOf(name: 'ours' | 'forgetful'): Promise<number> {
    const before = { events: await arrived(), used: await used() };
    await fire(`${proxy.origin}/${name}`, { amount: TURN_BATCHES });
    const us = (await used()) - before.used;
    const events = (await arrived()) - before.events;
    if (events !== TURN_BATCHES * EVENTS_PER_BATCH) throw new Error(`${name}: ${events} events arrived`);
    return us / TURN_BATCHES;
  }
  try {
    const costs: Cost[] = [];
    for (let pair = -WARM_UP_PAIRS; pair < pairs; pair += 1) {
      // The order alternates, so that neither of the two always runs second.
      const isFirst = pair % 2 === 0;
      const first = await turnOf(isFirst ? 'ours' : 'forgetful');
      const second = await turnOf(isFirst ? 'forgetful' : 'ours');
      const [withUs, withoutUs] = isFirst ? [first, second] : [second, first];
      if (pair >= 0) costs.push({ part: withUs / withoutUs - 1, withUs, withoutUs });
    }
    return middleOf(costs);
  } finally {
    await stop();
  }
}

function middleOf(costs: readonly Cost[]): Cost {
  const of = (key: keyof Cost): number => median(costs.map((cost) => cost[key]));
  return { part: of('part'), withoutUs: of('withoutUs'), withUs: of('withUs') };
}

interface Candidate {
  readonly proxy: ServerProcess;
  arrived(): Promise<number>;
  stop(): Promise<void>;
}

async function startCandidate(name: CandidateName | 'both'): Promise<Candidate> {
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

async function fire(
  origin: string,
  limits: Pick<autocannon.Options, 'amount' | 'duration' | 'overallRate'>,
): Promise<autocannon.Result> {
  const loads = Array.from({ length: BODIES }, (_, i) => createLoad(i));
  const result = await autocannon({
    url: `${origin}/v1/batch`,
    connections: CONNECTIONS,
    requests: loads.map(({ body, renew }) => ({
      method: 'POST',
      headers: HEADERS,
      body,
      // Autocannon copies the body afterwards.
      setupRequest: (request) => {
        renew();
        return request;
      },
    })),
    ...limits,
  });
  if (result.non2xx || result.errors)
    throw new Error(`${result.non2xx} answers were not 2xx, ${result.errors} requests failed`);
  return result;
}
