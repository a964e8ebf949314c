/**
 * The whole with a broker, each part a process of its own that is killed now and then. Does Customer.io get every event whose
 * batch was answered 200? Needs `npm run build`, a nats-server and a redis-server.
 */
import { spawnSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { seeded } from '../../test/fakes/random.ts';
import { freePort } from '../../test/support/server/listen.ts';
import { createNatsCluster } from '../../test/support/brokers/nats-cluster.ts';
import { startRedis } from '../../test/support/brokers/redis-server.ts';
import { kill, nextOf, startChild } from '../once/child.ts';
import { type ClientTally, createSend } from '../once/client.ts';
import { CLIENT_KEY, eventText, WRITE_KEY } from '../once/events.ts';
import { repeat } from '../once/every.ts';
import { createCommand, type Part } from './part.ts';
import { type Plan, readPlan, USAGE } from './plan.ts';
import type { Counted, Told } from './upstream.ts';
import { type Kill, type Reasons, reasonsOf } from './verdict.ts';

const [PROXIES, FORWARDERS, NODES] = [2, 2, 3];
const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const TELL_EVERY_MS = 10_000;
const LONGEST_OUTAGE_MS = 4_000;
/** After the input, until the stream must be empty. */
const DRAIN_MS = 180_000;

interface Outcome {
  readonly counted: Counted;
  /** How many events of `counted.missing` arrived when the stream was replayed. */
  readonly replayed: number;
  readonly answered: number;
  readonly tally: ClientTally;
  readonly kills: readonly Kill[];
  readonly reasons: Reasons;
  readonly seconds: number;
  readonly drainSeconds: number;
  readonly parked: number;
}

async function run(plan: Plan): Promise<Outcome> {
  const random = seeded(plan.seed);
  /** What was started last ends first. */
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const cluster = await createNatsCluster(NODES);
    stops.unshift(() => cluster.remove());
    const redis = await startRedis();
    stops.unshift(() => redis.remove());
    const upstream = startChild('../chaos/upstream.ts', [plan.events, FORWARDERS]);
    stops.unshift(() => kill(upstream));
    const { ports: upstreamPorts } = (await nextOf(upstream)) as { ports: number[] };
    await cluster.healthy();

    const tell = (told: Told): void => void upstream.send(told);
    async function count(): Promise<Counted> {
      tell('count');
      return (await nextOf(upstream)) as Counted;
    }

    const shared = {
      NATS_URL: cluster.url,
      CIO_WRITE_KEY: WRITE_KEY,
      ...(plan.deduplicate ? { CIO_REDIS_URL: redis.url } : { CIO_DEDUPLICATE: 'off' }),
    };
    let parked = 0;
    const errors = new Map<string, number>();
    const ports = await Promise.all(Array.from({ length: PROXIES + FORWARDERS }, freePort));
    const proxies = ports.slice(0, PROXIES).map((port, i) =>
      createCommand({
        name: `proxy-${i + 1}`,
        kind: 'proxy',
        port,
        environment: { ...shared, CIO_CLIENT_KEYS: CLIENT_KEY },
      }),
    );
    const forwarderEnvironment = (i: number): Record<string, string> => ({
      ...shared,
      CIO_UPSTREAM_URL: `http://127.0.0.1:${upstreamPorts[i]}`,
    });
    const forwarders = ports.slice(PROXIES).map((port, i) =>
      createCommand({
        name: `forwarder-${i + 1}`,
        kind: 'forwarder',
        port,
        environment: forwarderEnvironment(i),
        onLine(line) {
          parked += Number(line.includes('"outcome":"never"'));
          // Of each error once in a while, as the forwarder tells it.
          const { error } = line.startsWith('{') ? (JSON.parse(line) as { error?: string }) : {};
          if (error !== undefined) errors.set(error, (errors.get(error) ?? 0) + 1);
        },
      }),
    );
    const parts: [Part, ...Part[]] = [
      { name: 'redis', kind: 'redis', kill: () => redis.kill(), start: () => redis.start() },
      ...cluster.nodes.map((node, i): Part => ({
        name: `nats-${i + 1}`,
        kind: 'nats',
        kill: () => node.kill(),
        start: async () => node.start(),
      })),
      ...proxies,
      ...forwarders,
    ];
    for (const part of [...proxies, ...forwarders]) stops.unshift(() => part.kill());
    await Promise.all([...proxies, ...forwarders].map((part) => part.start()));

    const startedAt = performance.now();
    const kills: Kill[] = [];
    const killing = repeat(plan.killEveryMs, random.next, async () => {
      const part = random.pick(parts);
      kills.push({ at: Date.now(), name: part.name, kind: part.kind });
      await part.kill();
      await wait(random.below(LONGEST_OUTAGE_MS));
      await part.start();
    });
    const expectedMs = (plan.events / plan.rate) * 1_000;
    const away = (async (): Promise<void> => {
      if (plan.awayMs === 0) return;
      await wait(expectedMs / 3);
      tell('away');
      await wait(plan.awayMs);
      tell('back');
    })();

    const tally: ClientTally = { requests: 0, cut: 0 };
    const giveUp = AbortSignal.timeout(plan.mostMs);
    const [first = 0, ...others] = ports.slice(0, PROXIES);
    const send = createSend({ ports: [first, ...others], random, lost: 0, signal: giveUp });
    let [given, answered] = [0, 0];
    async function work(): Promise<void> {
      while (given < plan.events && !giveUp.aborted) {
        const from = given;
        const to = Math.min(plan.events, from + 1 + random.below(plan.batch));
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
      () => console.error(`${answered} of ${plan.events} events answered, ${kills.length} kills`),
      TELL_EVERY_MS,
    );
    await Promise.all(Array.from({ length: plan.clients }, work));
    clearInterval(telling);
    const seconds = (performance.now() - startedAt) / 1_000;
    await killing.stop();
    await away;

    const drainFrom = performance.now();
    await cluster.healthy();
    const isDrained = async (): Promise<boolean> => {
      const answer = await fetch(`http://127.0.0.1:${ports[PROXIES]}/v1/health/ready`).catch(() => null);
      if (!answer?.ok) return false;
      const { backlog, unacknowledged } = (await answer.json()) as Record<string, number>;
      return backlog === 0 && unacknowledged === 0;
    };
    while (performance.now() - drainFrom < DRAIN_MS && !(await isDrained())) await wait(500);
    const drainSeconds = (performance.now() - drainFrom) / 1_000;
    const drained = await count();

    let replayed = 0;
    if (drained.missing.length > 0) {
      console.error(
        `Missing after the stream was drained: ${drained.missing.slice(0, 20).join(', ')}. Replaying.`,
      );
      const minutes = Math.ceil((performance.now() - startedAt) / 60_000) + 1;
      spawnSync(process.execPath, [CLI, 'forward', '--replay-since', `${minutes}m`], {
        env: { PATH: process.env['PATH'], ...forwarderEnvironment(0) },
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      const after = await count();
      replayed = after.events - drained.events;
    }
    for (const [error, count] of errors) console.error(`${count} × in the logs of forwarders: ${error}`);
    return {
      counted: drained,
      replayed,
      answered,
      tally,
      kills,
      reasons: reasonsOf(drained.repeated, kills),
      seconds,
      drainSeconds,
      parked,
    };
  } finally {
    for (const stop of stops) await stop();
  }
}

function print(plan: Plan, outcome: Outcome): number {
  const { counted, tally, kills, reasons, replayed } = outcome;
  const missing = plan.events - counted.events;
  const killed = (kind: Part['kind']): number => kills.filter((each) => each.kind === kind).length;
  const all = reasons.forwarder + reasons.nats + reasons.redis + reasons.proxy + reasons.none;
  const rows: readonly (readonly [name: string, value: string | number])[] = [
    ['seed', plan.seed],
    ['seconds of input', outcome.seconds.toFixed(1)],
    ['seconds until the stream was empty', outcome.drainSeconds.toFixed(1)],
    ['events', plan.events],
    ['events whose batch was answered 200', outcome.answered],
    ['requests of browsers', tally.requests],
    ['requests to Customer.io', counted.requests],
    ['nodes of NATS killed', killed('nats')],
    ['proxies killed', killed('proxy')],
    ['forwarders killed', killed('forwarder')],
    ['Redis killed', killed('redis')],
    ['seconds without Customer.io', plan.awayMs / 1_000],
    ['deduplicated with Redis', plan.deduplicate ? 'yes' : 'no'],
    ['messages put aside', outcome.parked],
    ['lost', missing - replayed],
    ['arrived only after a replay', replayed],
    ['duplicates', all],
    ['… under way when their forwarder was killed', reasons.forwarder],
    ['… under way when a node of NATS was killed', reasons.nats],
    ['… since Redis was killed, and forgot', reasons.redis],
    ['… whose proxy may have been killed before it had remembered', reasons.proxy],
    ['… for no reason', reasons.none],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) console.log(`${name.padEnd(width)}  ${String(value).padStart(10)}`);
  return missing - replayed === 0 && outcome.answered === plan.events ? 0 : 1;
}

const plan = readPlan(process.argv.slice(2));
if (plan === null) console.log(USAGE);
else process.exitCode = print(plan, await run(plan));
