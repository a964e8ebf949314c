// @vitest-environment node
/** The commands `proxy` and `forward` with a real NATS cluster, each process started as an operator does. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, onTestFinished, test, vi } from 'vitest';
import { basicAuthorization } from '../../../src/protocol/wire.ts';
import { createNatsCluster, type NatsCluster } from '../../support/brokers/nats-cluster.ts';
import { startNats } from '../../support/brokers/nats-server.ts';
import { startRedis } from '../../support/brokers/redis-server.ts';
import { startUpstream, type Upstream } from '../proxy/upstream.ts';
import { type Running, ROOT, run, startForwarder, startLoggedProxy as startProxy } from './program.ts';

const WAIT = { timeout: 30_000, interval: 100 };
const HEADERS = { Authorization: basicAuthorization('web'), 'Content-Type': 'application/json' };

async function startCluster(count = 3, started = count): Promise<NatsCluster> {
  const cluster = await createNatsCluster(count, started);
  onTestFinished(() => cluster.remove());
  await cluster.healthy(started);
  return cluster;
}

let sent = 0;

async function send(url: string, name: string): Promise<number> {
  const batch = [{ type: 'track', event: name, messageId: `m${(sent += 1)}`, anonymousId: 'a' }];
  const response = await fetch(`${url}/v1/batch`, {
    method: 'POST',
    headers: HEADERS,
    body: JSON.stringify({ batch, sentAt: new Date().toISOString() }),
  });
  await response.arrayBuffer();
  return response.status;
}

/** Sends the event as a browser does: again until the response is 200. */
async function deliver(url: string, name: string): Promise<void> {
  await vi.waitFor(async () => expect(await send(url, name)).toBe(200), WAIT);
}

const arrived = ({ received }: Upstream): readonly string[] =>
  received.flatMap(({ body }) => body.batch.map(({ event }) => String(event)));

async function stop({ child }: Running): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
}

async function streamOf(url: string, name = 'CIO'): Promise<StreamInfo> {
  const nats = await connect({ servers: url.split(',') });
  try {
    return await (await jetstreamManager(nats)).streams.info(name);
  } finally {
    await nats.close();
  }
}

async function json(url: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url);
  return { status: response.status, body: await response.json() };
}

test('a proxy publishes and a forwarder delivers; both create missing streams', async () => {
  const [cluster, upstream] = [await startCluster(), await startUpstream()];
  const environment = { NATS_URL: cluster.url, CIO_UPSTREAM_URL: upstream.url, CIO_METRICS: '/metrics' };
  const [proxy, forwarder] = await Promise.all([startProxy(environment), startForwarder(environment)]);
  const names = Array.from({ length: 40 }, (_, i) => `Event ${i}`);
  for (const name of names) expect(await send(proxy.url, name)).toBe(200);
  await vi.waitFor(() => expect([...arrived(upstream)].sort()).toEqual([...names].sort()), WAIT);
  expect(upstream.received[0]?.headers.authorization).toBe(basicAuthorization('write-key'));

  const { config } = await streamOf(cluster.url);
  expect(config).toMatchObject({
    subjects: ['cio.batches'],
    retention: 'limits',
    discard: 'new',
    num_replicas: 3,
    max_age: 168 * 3_600e9,
    max_bytes: 10_000_000_000,
  });
  await vi.waitFor(async () => {
    expect(await json(`${forwarder.url}/v1/health/ready`)).toEqual({
      status: 200,
      body: { status: 'ok', backlog: 0, unacknowledged: 0, underWay: 0 },
    });
  }, WAIT);
  expect(await json(`${forwarder.url}/v1/health`)).toEqual({ status: 200, body: { status: 'ok' } });
  const metrics = await (await fetch(`${forwarder.url}/metrics`)).text();
  expect(metrics).toContain('cio_forwarder_messages_total{outcome="done"} 40');
  expect(metrics).toContain('cio_forwarder_backlog 0');
  await Promise.all([stop(proxy), stop(forwarder)]);
  const lines = forwarder.log.filter(({ outcome }) => outcome === 'done');
  expect(lines.reduce((sum, { messages }) => sum + Number(messages), 0)).toBe(40);
}, 90_000);

test('both start while one of three servers is down, and replicate to it when it comes back', async () => {
  const [cluster, upstream] = [await startCluster(3, 2), await startUpstream()];
  const environment = { NATS_URL: cluster.url, CIO_UPSTREAM_URL: upstream.url };
  const [proxy] = await Promise.all([startProxy(environment), startForwarder(environment)]);
  await deliver(proxy.url, 'Before');
  await vi.waitFor(() => expect(arrived(upstream)).toEqual(['Before']), WAIT);
  cluster.nodes[2]?.start();
  await vi.waitFor(async () => expect((await streamOf(cluster.url)).config.num_replicas).toBe(3), {
    timeout: 60_000,
    interval: 500,
  });
  // With three replicas, any one node may fail.
  await cluster.healthy();
  await cluster.nodes[0]?.kill();
  await deliver(proxy.url, 'After');
  await vi.waitFor(() => expect(arrived(upstream)).toEqual(['Before', 'After']), WAIT);
}, 150_000);

test('while NATS is down a proxy starts, browsers get Retry-After, and the log names the reason, without credentials', async () => {
  const server = await startNats(['--user', 'shop', '--pass', 'sesame-open']);
  onTestFinished(() => server.remove());
  await server.kill();
  const url = server.url.replace('//', '//shop:sesame-open@');
  const upstream = await startUpstream();
  const environment = { NATS_URL: `${url},nats://127.0.0.1:9`, CIO_UPSTREAM_URL: upstream.url };
  const proxy = await startProxy(environment);
  expect(await send(proxy.url, 'Early')).toBe(503);
  await server.start();
  await deliver(proxy.url, 'Event');
  const forwarder = await startForwarder(environment);
  await vi.waitFor(() => expect(arrived(upstream)).toEqual(['Event']), WAIT);
  await server.kill();
  expect((await json(`${forwarder.url}/v1/health`)).status).toBe(200);
  await vi.waitFor(
    async () => expect((await json(`${forwarder.url}/v1/health/ready`)).status).toBe(503),
    WAIT,
  );
  expect(await send(proxy.url, 'Late')).toBe(503);
  await server.start();
  await deliver(proxy.url, 'Later');
  await vi.waitFor(() => expect(arrived(upstream)).toEqual(['Event', 'Later']), WAIT);
  await Promise.all([stop(proxy), stop(forwarder)]);
  const told = [...proxy.log, ...forwarder.log];
  expect(proxy.log.flatMap(({ nats }) => nats ?? [])).toEqual([
    'unavailable',
    'ready',
    'unavailable',
    'ready',
  ]);
  expect(JSON.stringify(told)).not.toContain('sesame');
}, 120_000);

test('wrong credentials are reported, and appear in no line', async () => {
  const server = await startNats(['--user', 'shop', '--pass', 'right']);
  onTestFinished(() => server.remove());
  const proxy = await startProxy({ NATS_URL: server.url.replace('//', '//shop:wrong-barley@') });
  expect(await send(proxy.url, 'Event')).toBe(503);
  await stop(proxy);
  expect(proxy.log.find(({ nats }) => nats === 'unavailable')).toMatchObject({
    detail: expect.stringMatching(/authorization/i),
  });
  expect(JSON.stringify(proxy.log)).not.toContain('barley');
}, 60_000);

test('SIGTERM: a forwarder finishes the message in flight, and another forwarder gets the rest', async () => {
  const [server, upstream] = [await startNats(), await startUpstream()];
  onTestFinished(() => server.remove());
  const environment = { NATS_URL: server.url, CIO_UPSTREAM_URL: upstream.url };
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  upstream.respond(async () => {
    await held;
    return {};
  });
  const [proxy, forwarder] = await Promise.all([startProxy(environment), startForwarder(environment)]);
  await send(proxy.url, 'First');
  await vi.waitFor(() => expect(upstream.received).toHaveLength(1), WAIT);
  const exited = once(forwarder.child, 'exit');
  forwarder.child.kill('SIGTERM');
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  await send(proxy.url, 'Second');
  expect(upstream.received).toHaveLength(1);
  release();
  expect(await exited).toEqual([0, null]);
  const other = await startForwarder(environment);
  await vi.waitFor(() => expect(arrived(upstream)).toEqual(['First', 'Second']), WAIT);
  // The first message was acknowledged, so it is not delivered again after its acknowledgement timeout.
  expect(await json(`${other.url}/v1/health/ready`)).toMatchObject({ body: { backlog: 0 } });
  await vi.waitFor(async () => {
    expect(await json(`${other.url}/v1/health/ready`)).toMatchObject({ body: { unacknowledged: 0 } });
  }, WAIT);
}, 90_000);

test('SIGTERM: a forwarder that waits for Customer.io stops within the grace period', async () => {
  const [server, upstream] = [await startNats(), await startUpstream()];
  onTestFinished(() => server.remove());
  upstream.respond('silence');
  const environment = { NATS_URL: server.url, CIO_UPSTREAM_URL: upstream.url, CIO_STOP_TIMEOUT_MS: '1000' };
  const [proxy, forwarder] = await Promise.all([startProxy(environment), startForwarder(environment)]);
  await send(proxy.url, 'Event');
  await vi.waitFor(() => expect(upstream.received).toHaveLength(1), WAIT);
  const told = performance.now();
  await stop(forwarder);
  expect(performance.now() - told).toBeLessThan(5_000);
}, 60_000);

test('a replay forwards kept messages again; with Redis only those that are not known to have arrived', async () => {
  const [server, upstream, redis] = [await startNats(), await startUpstream(), await startRedis()];
  onTestFinished(() => server.remove());
  onTestFinished(() => redis.remove());
  const bare = { NATS_URL: server.url, CIO_UPSTREAM_URL: upstream.url, CIO_WRITE_KEY: 'write-key' };
  const environment = { ...bare, CIO_REDIS_URL: redis.url };
  const [proxy, forwarder] = await Promise.all([startProxy(environment), startForwarder(environment)]);
  const names = Array.from({ length: 20 }, (_, i) => `Event ${i}`);
  for (const name of names) expect(await send(proxy.url, name)).toBe(200);
  await vi.waitFor(() => expect(arrived(upstream)).toHaveLength(20), WAIT);
  await vi.waitFor(async () => {
    expect(await json(`${forwarder.url}/v1/health/ready`)).toMatchObject({ body: { unacknowledged: 0 } });
  }, WAIT);

  const known = await run(['forward', '--replay-since', '10m'], environment);
  expect(known).toMatchObject({ code: 0, err: '' });
  expect(known.out).toContain('Forwards 20 messages again');
  expect(known.out).toContain('0 of 20 messages were forwarded');
  expect(arrived(upstream)).toHaveLength(20);

  const unknown = await run(['forward', '--replay-since', new Date(Date.now() - 60_000).toISOString()], bare);
  expect(unknown.out).toContain('20 of 20 messages were forwarded, with 20 events');
  expect([...arrived(upstream)].sort()).toEqual([...names, ...names].sort());
}, 90_000);

test('messages that can never be forwarded are parked', async () => {
  const [server, upstream] = [await startNats(), await startUpstream()];
  onTestFinished(() => server.remove());
  const forwarder = await startForwarder({ NATS_URL: server.url, CIO_UPSTREAM_URL: upstream.url });
  const nats = await connect({ servers: server.url });
  onTestFinished(() => nats.close());
  nats.publish('cio.batches', 'not a batch');
  await vi.waitFor(
    async () => expect((await streamOf(server.url, 'CIO_PARKED')).state.messages).toBe(1),
    WAIT,
  );
  await stop(forwarder);
  expect(forwarder.log).toContainEqual(
    expect.objectContaining({ outcome: 'never', detail: 'The message is not JSON.' }),
  );
}, 60_000);

test.each(['proxy', 'forward'])('%s names the missing packages, and exits with 1', (command) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'cio-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const own = path.join(folder, 'node_modules/cio-first-party');
  for (const each of ['dist', 'package.json'])
    cpSync(`${ROOT}${each}`, path.join(own, each), { recursive: true });
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${own}/dist/cli.js`, command], {
    encoding: 'utf8',
    env: { CIO_WRITE_KEY: 'write-key', CIO_CLIENT_KEYS: 'web', NATS_URL: 'nats://shop:sesame@127.0.0.1:9' },
  });
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toBe(
    `The ${command === 'proxy' ? 'proxy' : 'forwarder'} cannot start: NATS_URL needs the packages @nats-io/jetstream and @nats-io/transport-node, which are not installed: run npm install @nats-io/jetstream @nats-io/transport-node\n`,
  );
});

test('all errors of the configuration are reported, without secrets', async () => {
  const { code, err } = await run(['forward'], {
    CIO_REGION: 'de',
    NATS_URL: 'http://shop:sesame@nats',
    CIO_NATS_REPLICAS: '2',
    CIO_NATS_STREAM: 'a.b',
    CIO_NATS_SUBJECT: 'cio.>',
    CIO_NATS_MAX_AGE_HOURS: '0',
    CIO_NATS_MAX_BYTES: '10',
    CIO_NATS_KEEP_MINUTES: 'many',
  });
  expect(code).toBe(1);
  for (const name of [
    'CIO_WRITE_KEY is missing',
    'CIO_REGION is "de"',
    'NATS_URL is not usable',
    'CIO_NATS_REPLICAS is "2"',
    'CIO_NATS_STREAM is "a.b"',
    'CIO_NATS_SUBJECT is "cio.>"',
    'CIO_NATS_MAX_AGE_HOURS is "0"',
    'CIO_NATS_MAX_BYTES is "10"',
    'CIO_NATS_KEEP_MINUTES is "many"',
  ])
    expect(err).toContain(`  - ${name}`);
  expect(err).not.toContain('sesame');
  const without = await run(['forward'], { CIO_WRITE_KEY: 'write-key' });
  expect(without.err).toContain('  - NATS_URL is missing');
});

test.each(['soon', '2999-01-01T00:00:00Z', '2026-01-01', '10'])(
  'a replay since %j is refused: exit code 2',
  async (text) => {
    const { code, err } = await run(['forward', '--replay-since', text]);
    expect(code).toBe(2);
    expect(err).toContain(`--replay-since is "${text}"`);
  },
);

test('secrets may be in files', async () => {
  const server = await startNats(['--auth', 'sesame-token']);
  onTestFinished(() => server.remove());
  const folder = mkdtempSync(path.join(tmpdir(), 'cio-secrets-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'nats'), `${server.url.replace('//', '//sesame-token@')}\n`);
  const proxy = await startProxy({ NATS_URL_FILE: path.join(folder, 'nats') });
  await deliver(proxy.url, 'Event');
}, 60_000);
