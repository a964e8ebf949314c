/** Requests a second and core, for batches as sites have them: of one event, of ten, of a hundred. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { selfSignedCertificate } from '../../test/support/server/certificate.ts';
import { startServer } from '../../test/support/server/process.ts';
import { median } from '../statistics.ts';
import { HEADERS, PLACE, textOfBatch } from './load.ts';
import { cpuSeconds, residentMb } from './meter.ts';
import { fireWithWrk } from './wrk.ts';

/** `tls`: this proxy, with Customer.io behind TLS. `unmerged`: this proxy, with `upstream.merge: false`. */
const CANDIDATES = ['bare', 'forward', 'guide', 'ours', 'tls', 'unmerged'] as const;
type Name = (typeof CANDIDATES)[number];

interface Rate {
  readonly perCoreSecond: number;
  /** Requests to Customer.io for each request of a browser. */
  readonly upstream: number;
  /** While nobody else sends. */
  readonly loneMs: number;
  /** How much memory grows over the second half of the run, as a part of it. */
  readonly growth: number;
}

const EVENTS = [1, 10, 100] as const;
/** Of these only one event a batch is measured. */
const ONE_EVENT: ReadonlySet<Name> = new Set(['tls', 'unmerged']);
const CONNECTIONS = 64;
const WARM_UP_SECONDS = 2;
const START = 'bench/proxy/candidates/start.ts';

export interface RateTable {
  readonly lines: readonly (readonly string[])[];
  readonly isMet: boolean;
  readonly results: Readonly<Record<string, Rate>>;
}

export async function measureRates(runs: number, seconds: number): Promise<RateTable> {
  const folder = mkdtempSync(path.join(tmpdir(), 'cio-bench-tls-'));
  const { key, cert } = selfSignedCertificate();
  writeFileSync(path.join(folder, 'key.pem'), key);
  writeFileSync(path.join(folder, 'cert.pem'), cert);
  const all: Record<string, Rate[]> = {};
  try {
    for (let turn = 0; turn < runs; turn += 1)
      for (const events of EVENTS)
        for (const name of CANDIDATES) {
          if (ONE_EVENT.has(name) && events > 1) continue;
          const rate = await measure(name, events, seconds, folder);
          (all[`${name} ${events}`] ??= []).push(rate);
          console.error(`${name}, ${events} events, run ${turn + 1}: ${JSON.stringify(rate)}`);
        }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const results = Object.fromEntries(Object.entries(all).map(([name, rates]) => [name, middle(rates)]));
  return table(results);
}

async function measure(name: Name, events: number, seconds: number, folder: string): Promise<Rate> {
  const isSecure = name === 'tls';
  const upstream = await startServer(START, {}, isSecure ? ['upstream', '', folder] : ['upstream']);
  const env: Readonly<Record<string, string>> = isSecure
    ? { NODE_EXTRA_CA_CERTS: path.join(folder, 'cert.pem') }
    : {};
  const proxy = await startServer(START, env, [isSecure ? 'ours' : name, upstream.origin]);
  const fire = (forSeconds: number, connections: number): ReturnType<typeof fireWithWrk> =>
    fireWithWrk({
      url: `${proxy.origin}/v1/batch`,
      headers: HEADERS,
      body: textOfBatch(1, events),
      place: PLACE,
      connections,
      seconds: forSeconds,
    });
  const asked = async (): Promise<number> => {
    if (isSecure) return 0;
    return ((await (await fetch(upstream.origin)).json()) as { requests: number }).requests;
  };
  try {
    await fire(WARM_UP_SECONDS, CONNECTIONS);
    const before = { cpu: cpuSeconds(proxy.pid), asked: await asked() };
    const first = await fire(seconds / 2, CONNECTIONS);
    const megabytes = residentMb(proxy.pid);
    const second = await fire(seconds / 2, CONNECTIONS);
    const requests = first.requests + second.requests;
    const cpu = cpuSeconds(proxy.pid) - before.cpu;
    const growth = residentMb(proxy.pid) / megabytes - 1;
    const upstreamRequests = (await asked()) - before.asked;
    const { p50Ms } = await fire(1, 1);
    return { perCoreSecond: requests / cpu, upstream: upstreamRequests / requests, loneMs: p50Ms, growth };
  } finally {
    await proxy.stop();
    await upstream.stop();
  }
}

function middle(rates: readonly Rate[]): Rate {
  const of = (key: keyof Rate): number => median(rates.map((rate) => rate[key]));
  return {
    perCoreSecond: of('perCoreSecond'),
    upstream: of('upstream'),
    loneMs: of('loneMs'),
    growth: of('growth'),
  };
}

const LEAST_OF_FORWARD = { 1: 1.3, 10: 1.2, 100: 0.8 } as const;
const LEAST_OF_GUIDE = 4;
const MOST_UPSTREAM = 1 / 50;
const MOST_LONE_MS = 5;
const LEAST_OF_PLAIN = 0.85;
const MOST_GROWTH = 0.1;

function table(results: Readonly<Record<string, Rate>>): RateTable {
  const of = (name: Name, events: number): Rate =>
    results[`${name} ${events}`] ?? { perCoreSecond: 0, upstream: 0, loneMs: 0, growth: 0 };
  const rounded = (value: number): string => Math.round(value).toLocaleString('en').replaceAll(',', ' ');
  let isMet = true;
  function target(text: string, holds: boolean): string {
    isMet &&= holds;
    return holds ? text : `**missed**: ${text}`;
  }

  const lines = EVENTS.map((events) => {
    const rates = (['ours', 'forward', 'guide', 'bare'] as const).map(
      (name) => of(name, events).perCoreSecond,
    );
    const [ours = 0, forward = 0, guide = 0] = rates;
    const least = LEAST_OF_FORWARD[events];
    const parts = [
      target(`${(ours / forward).toFixed(2)} × \`forward\` (≥ ${least})`, ours >= forward * least),
    ];
    if (events === 1)
      parts.push(
        target(
          `${(ours / guide).toFixed(1)} × the guide's (≥ ${LEAST_OF_GUIDE})`,
          ours >= guide * LEAST_OF_GUIDE,
        ),
      );
    return [`${events} event${events > 1 ? 's' : ''} a batch`].concat(rates.map(rounded), parts.join(', '));
  });
  const [ours, tls, unmerged] = [of('ours', 1), of('tls', 1), of('unmerged', 1)];
  const part = tls.perCoreSecond / ours.perCoreSecond;
  const added = ours.loneMs - unmerged.loneMs;
  const only = (title: string, cell: string, text: string): readonly string[] => [
    title,
    cell,
    '',
    '',
    '',
    text,
  ];
  return {
    results,
    lines: [
      [
        'requests a second and core',
        'this proxy',
        '`forward`',
        "the guide's Node sample",
        '`bare`',
        'target',
      ],
      ['---', '---', '---', '---', '---', '---'],
      ...lines,
      only(
        '1 event a batch, Customer.io behind TLS',
        rounded(tls.perCoreSecond),
        target(`${part.toFixed(2)} × without TLS (≥ ${LEAST_OF_PLAIN})`, part >= LEAST_OF_PLAIN),
      ),
      only(
        'requests to Customer.io for one',
        `1 for ${rounded(1 / ours.upstream)}`,
        target('≥ 50', ours.upstream <= MOST_UPSTREAM),
      ),
      only(
        'what merging adds to a lone request',
        `${added.toFixed(1)} ms`,
        target(`≤ ${MOST_LONE_MS} ms`, added <= MOST_LONE_MS),
      ),
      only(
        'memory, from the middle of a run to its end',
        `${(ours.growth * 100).toFixed(0)} %`,
        target('flat', ours.growth <= MOST_GROWTH),
      ),
    ],
    isMet,
  };
}
