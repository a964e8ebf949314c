/**
 * What one client can do to the proxy, cheaply: how much memory it takes, how long a health check waits meanwhile, and what the
 * others are told. `npm run bench:attacks -- [part of a title]`; Linux.
 */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { type ServerProcess, startServer } from '../../test/support/server/process.ts';
import { HEADERS, textOfBatch } from './load.ts';
import { residentMb } from './meter.ts';

const START = 'bench/proxy/candidates/start.ts';
const MIB = 1.048576;
/** An eighth of the memory of this machine is more than that. */
const BUDGET_MB = 128 * MIB;
const LOOK_MS = 20;

interface Watched {
  /** How much more memory than before, at most. */
  readonly grownMb: number;
  /** The longest that a health check has waited. */
  readonly stallMs: number;
}

interface Verdict {
  readonly found: string;
  readonly bound: string;
  readonly holds: boolean;
}

/** Asks for health again and again, in a thread of its own: the attack keeps this one busy. Tells the longest wait at the end. */
const WATCHER = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { request } = require('node:http');
  let [stallMs, isOver] = [0, false];
  parentPort.on('message', () => (isOver = true));
  const health = () => new Promise((resolve, reject) => {
    const sent = request(workerData + '/v1/health', { agent: false }, (answer) => answer.resume().on('end', resolve));
    sent.on('error', reject).end();
  });
  (async () => {
    while (!isOver) {
      const at = performance.now();
      await health();
      stallMs = Math.max(stallMs, performance.now() - at);
      await new Promise((resolve) => setTimeout(resolve, ${LOOK_MS}));
    }
    parentPort.postMessage(stallMs);
    parentPort.close();
  })();`;

/** Looks at the proxy while `attack` runs. */
async function watch({ origin, pid }: ServerProcess, attack: () => Promise<unknown>): Promise<Watched> {
  const before = residentMb(pid);
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, residentMb(pid))), LOOK_MS);
  const watcher = new Worker(WATCHER, { eval: true, workerData: origin });
  const told = once(watcher, 'message') as Promise<[number]>;
  await attack();
  watcher.postMessage('over');
  const [stallMs] = await told;
  clearInterval(timer);
  return { grownMb: peak - before, stallMs };
}

const within = ({ grownMb, stallMs }: Watched, mostMb: number, mostMs: number): Verdict => ({
  found: `${grownMb.toFixed(0)} MB more, a health check waits ${stallMs.toFixed(0)} ms`,
  bound: `≤ ${mostMb.toFixed(0)} MB, ≤ ${mostMs} ms`,
  holds: grownMb <= mostMb && stallMs <= mostMs,
});

function open({ origin }: ServerProcess): Socket {
  const { hostname, port } = new URL(origin);
  // The proxy may cut the connection: that is what is looked at.
  return connect(Number(port), hostname).on('error', () => {});
}

const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

/** Sends one body. Answers the status, or 0. */
function post(
  { origin }: ServerProcess,
  body: string | Buffer,
  headers: Record<string, string>,
): Promise<number> {
  return new Promise((resolve) => {
    const sent = request(`${origin}/v1/batch`, {
      agent,
      method: 'POST',
      headers: { ...HEADERS, ...headers },
    });
    sent.on('response', (answer) => answer.resume().on('end', () => resolve(answer.statusCode ?? 0)));
    sent.on('error', () => resolve(0));
    sent.end(body);
  });
}

const head = (lines: readonly string[]): string => [...lines, '', ''].join('\r\n');

async function pipelined(proxy: ServerProcess): Promise<Verdict> {
  const one = head(['GET /cio.js HTTP/1.1', 'Host: localhost', 'Accept-Encoding: gzip']);
  const watched = await watch(proxy, async () => {
    const socket = open(proxy).pause();
    socket.write(one.repeat(Math.ceil(625_000 / one.length)));
    await wait(3_000);
    socket.destroy();
  });
  return within(watched, 20, 250);
}

async function endless(proxy: ServerProcess): Promise<Verdict> {
  const lines = Object.entries(HEADERS).map(([name, value]) => `${name}: ${value}`);
  const start = head(['POST /v1/batch HTTP/1.1', 'Host: localhost', 'Content-Length: 499000', ...lines]);
  const body = 'x'.repeat(498_000);
  const sockets: Socket[] = [];
  const watched = await watch(proxy, async () => {
    for (let i = 0; i < 1_500; i += 1) {
      const socket = open(proxy);
      socket.write(start + body);
      sockets.push(socket);
      if (i % 50 === 0) await wait(20);
    }
    await wait(5_000);
  });
  for (const socket of sockets) socket.destroy();
  return within(watched, BUDGET_MB, 1_000);
}

async function packed(proxy: ServerProcess): Promise<Verdict> {
  const bodies = Array.from({ length: 1_500 }, (_, i) => {
    return gzipSync(textOfBatch(i, 500).replaceAll('fresh000', String(i).padStart(8, '0')));
  });
  const watched = await watch(proxy, () =>
    Promise.all(bodies.map((body) => post(proxy, body, { 'Content-Encoding': 'gzip' }))),
  );
  // The bodies, and once more those that are on their way.
  return within(watched, BUDGET_MB * 1.5, 1_000);
}

async function faulty(proxy: ServerProcess): Promise<Verdict> {
  const batch = Array.from({ length: 500 }, (_, i) => ({
    type: 'track',
    event: i % 2 ? 'Faulty' : 'Fine',
    messageId: `PLACE-${i}`,
    anonymousId: 'a',
  }));
  const text = JSON.stringify({ batch });
  const all: Promise<number>[] = [];
  for (let tick = 0; tick < 400; tick += 1) {
    const body = text.replaceAll('PLACE', `bad-${tick}`);
    void post(proxy, body, { 'X-Real-IP': '198.51.100.66' });
    for (let i = 0; i < 6; i += 1) {
      const fine = textOfBatch(i, 1).replace('fresh000', `fine-${tick}-${i}`);
      all.push(post(proxy, fine, { 'X-Real-IP': `203.0.113.${i}` }));
    }
    await wait(25);
  }
  const statuses = await Promise.all(all);
  const refused = statuses.filter((status) => status !== 200).length;
  return {
    found: `${refused} of ${statuses.length} batches of others were not taken`,
    bound: 'none',
    holds: refused === 0,
  };
}

async function hugeAnswers(proxy: ServerProcess): Promise<Verdict> {
  const watched = await watch(proxy, async () => {
    for (let i = 0; i < 10; i += 1)
      await post(proxy, textOfBatch(i, 1).replace('fresh000', `${i}-huge00`), {});
  });
  return within(watched, 30, 250);
}

async function leaving(proxy: ServerProcess): Promise<Verdict> {
  const files = (): number => readdirSync(`/proc/${proxy.pid}/fd`).length;
  const before = files();
  const text = textOfBatch(1, 10);
  const lines = Object.entries(HEADERS).map(([name, value]) => `${name}: ${value}`);
  for (let i = 0; i < 4_800; i += 1) {
    const socket = open(proxy);
    const start = head([
      'POST /v1/batch HTTP/1.1',
      'Host: localhost',
      `Content-Length: ${Buffer.byteLength(text)}`,
      ...lines,
    ]);
    // In the head, in the body, or before the answer.
    const all = start + text;
    socket.write(all.slice(0, [20, start.length + 1_000, all.length][i % 3]));
    setTimeout(() => socket.destroy(), 5);
    if (i % 100 === 99) await wait(20);
  }
  // Connections to Customer.io are kept for half a minute.
  const until = Date.now() + 45_000;
  while (files() > before && Date.now() < until) await wait(500);
  return { found: `${before} → ${files()} file descriptors`, bound: 'as before', holds: files() <= before };
}

const ATTACKS = [
  ['625 KB of pipelined `GET /cio.js`, nothing read', 'ours', 'upstream', pipelined],
  ['1 500 bodies of 499 KB that never end', 'ours', 'upstream', endless],
  ['1 500 packed batches while Customer.io takes six seconds', 'ours', 'slow', packed],
  ['40 batches a second of which every second event is faulty', 'limited', 'strict', faulty],
  ['Customer.io answers 200 MB', 'ours', 'huge', hugeAnswers],
  ['4 800 clients that go in the middle', 'ours', 'upstream', leaving],
] as const;

let isMet = true;
console.log('| one client | found | bound |\n| --- | --- | --- |');
const chosen = process.argv[2] ?? '';
for (const [title, name, behind, attack] of ATTACKS) {
  if (!title.includes(chosen)) continue;
  const upstream = await startServer(START, {}, [behind]);
  const proxy = await startServer(START, {}, [name, upstream.origin]);
  try {
    // So that its code is loaded and compiled before.
    for (let i = 0; i < 50; i += 1) await (await fetch(`${proxy.origin}/cio.js`)).text();
    const { found, bound, holds } = await attack(proxy);
    isMet &&= holds;
    console.log(`| ${title} | ${holds ? '' : '**missed**: '}${found} | ${bound} |`);
  } finally {
    await proxy.stop();
    await upstream.stop();
  }
}
process.exit(isMet ? 0 : 1);
