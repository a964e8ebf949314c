// @vitest-environment node
/**
 * Several copies of the proxy, each a process that is started as an operator does, that share a real Redis.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test, vi } from 'vitest';
import { basicAuthorization } from '../../../src/protocol/wire.ts';
import { type RedisServer, startRedis } from '../../support/brokers/redis-server.ts';
import { startUpstream } from '../proxy/upstream.ts';
import { ROOT, run, startProxy } from './program.ts';

const PASSWORD = 'sesame-open';
const HEADERS = { Authorization: basicAuthorization('web'), 'Content-Type': 'application/json' };
const LIMITED = { CIO_DEDUPLICATE: 'off', CIO_RATE_LIMIT_PER_ADDRESS: '5' };

let sent = 0;
/** A batch of one event with an id that no other event has. */
const batchOf = (name: string): string =>
  JSON.stringify({
    batch: [{ type: 'track', event: name, messageId: `m${(sent += 1)}`, anonymousId: 'a' }],
  });

const send = async (url: string, body = batchOf('x')): Promise<number> =>
  (await fetch(`${url}/v1/batch`, { method: 'POST', headers: HEADERS, body })).status;

async function start(): Promise<{ readonly redis: RedisServer; readonly url: string }> {
  const redis = await startRedis(['--requirepass', PASSWORD]);
  onTestFinished(() => redis.remove());
  return { redis, url: redis.url.replace('//', `//:${PASSWORD}@`) };
}

type Copy = Awaited<ReturnType<typeof startProxy>>;

/** Collects the log lines from now on. */
function logOf({ lines, before }: Copy): Record<string, unknown>[] {
  const log = before.map((line) => JSON.parse(line) as Record<string, unknown>);
  const read = async (): Promise<void> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) return;
      log.push(JSON.parse(value) as Record<string, unknown>);
    }
  };
  void read();
  return log;
}

const aboutRedis = (log: readonly Record<string, unknown>[]): readonly unknown[] =>
  log.flatMap(({ redis }) => redis ?? []);

async function stop({ child }: Copy): Promise<void> {
  const exit = once(child, 'exit');
  const told = performance.now();
  child.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
  expect(performance.now() - told).toBeLessThan(5_000);
}

async function namesIn(url: string): Promise<readonly string[]> {
  const client = new Redis(url);
  const names = await client.keys('*');
  client.disconnect();
  return names.map((name) => name.replace(/^(.*:[er]:).*/, '$1')).sort();
}

test('an event that reaches two copies is sent once, and rate limits are shared', async () => {
  const [{ url }, upstream] = [await start(), await startUpstream({ recordsChecks: false })];
  const environment = {
    CIO_REDIS_URL: url,
    CIO_UPSTREAM_URL: upstream.url,
    CIO_RATE_LIMIT_PER_ADDRESS: '4',
  };
  const [one, other] = await Promise.all([startProxy(environment), startProxy(environment)]);
  const body = batchOf('Once');
  expect([await send(one.url, body), await send(other.url, body), await send(one.url, body)]).toEqual([
    200, 200, 200,
  ]);
  expect(upstream.received).toHaveLength(1);
  expect([await send(other.url), await send(one.url), await send(other.url)]).toEqual([200, 429, 429]);
  expect(await namesIn(url)).toEqual(['{cio}:e:', '{cio}:e:', '{cio}:r:']);
  await Promise.all([stop(one), stop(other)]);
});

test('with deduplication off, only limits are shared; without limits, only events', async () => {
  const [{ url }, upstream] = [await start(), await startUpstream({ recordsChecks: false })];
  const environment = { CIO_REDIS_URL: url, CIO_UPSTREAM_URL: upstream.url };
  expect(await send((await startProxy({ ...environment, ...LIMITED })).url)).toBe(200);
  expect(await namesIn(url)).toEqual(['{cio}:r:']);
  expect(await send((await startProxy(environment)).url)).toBe(200);
  expect(await namesIn(url)).toEqual(['{cio}:e:', '{cio}:r:']);
});

test('Redis is down at the start, and again later: each is logged once, without its password', async () => {
  const [{ redis, url }, upstream] = [await start(), await startUpstream({ recordsChecks: false })];
  await redis.kill();
  const environment = { CIO_REDIS_URL: url, CIO_UPSTREAM_URL: upstream.url, ...LIMITED };
  const proxy = await startProxy(environment);
  let errors = '';
  proxy.child.stderr?.on('data', (text: Buffer) => (errors += text.toString()));
  const log = logOf(proxy);
  for (let i = 0; i < 8; i += 1) expect(await send(proxy.url)).toBe(200);
  await vi.waitFor(() => expect(log.filter(({ status }) => status === 200)).toHaveLength(8));
  expect(aboutRedis(log)).toEqual(['unavailable']);
  expect(log.find((line) => line['redis'])).toMatchObject({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    detail: expect.stringContaining('ECONNREFUSED'),
  });

  await redis.start();
  await vi.waitFor(() => expect(aboutRedis(log)).toEqual(['unavailable', 'ready']), 15_000);
  // After a failure the proxy does not use the store for some seconds; then it counts there again.
  await vi.waitFor(async () => expect(await send(proxy.url)).toBe(429), { timeout: 15_000, interval: 200 });

  await redis.kill();
  await vi.waitFor(() => expect(aboutRedis(log)).toEqual(['unavailable', 'ready', 'unavailable']), 15_000);
  for (let i = 0; i < 8; i += 1) expect(await send(proxy.url)).toBe(200);
  await stop(proxy);
  expect(aboutRedis(log)).toEqual(['unavailable', 'ready', 'unavailable']);
  expect(JSON.stringify(log) + errors).not.toContain(PASSWORD);
  expect(errors).toBe('');
}, 60_000);

test('a wrong password is logged once, without the password', async () => {
  const [{ redis }, upstream] = [await start(), await startUpstream({ recordsChecks: false })];
  const proxy = await startProxy({
    CIO_REDIS_URL: redis.url.replace('//', '//:open-barley@'),
    CIO_UPSTREAM_URL: upstream.url,
    ...LIMITED,
  });
  const log = logOf(proxy);
  expect(await send(proxy.url)).toBe(200);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(log.filter((line) => line['redis'])).toEqual([
    { time: expect.any(String), redis: 'unavailable', detail: expect.stringContaining('WRONGPASS') },
  ]);
  expect(JSON.stringify(log)).not.toContain('barley');
  await stop(proxy);
});

test('without the package "redis" it says what to install, and exits with 1', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'cio-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const own = path.join(folder, 'node_modules/cio-first-party');
  for (const each of ['dist', 'package.json'])
    cpSync(`${ROOT}${each}`, path.join(own, each), { recursive: true });
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${own}/dist/cli.js`, 'proxy'], {
    encoding: 'utf8',
    env: {
      CIO_WRITE_KEY: 'write-key',
      CIO_CLIENT_KEYS: 'web',
      CIO_REDIS_URL: `redis://:${PASSWORD}@127.0.0.1:9`,
    },
  });
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toBe(
    'The proxy cannot start: CIO_REDIS_URL needs the package redis, which is not here: npm install redis\n',
  );
});

test('a taken port still ends the process: the Redis connection does not keep it alive', async () => {
  const [{ url }, upstream] = [await start(), await startUpstream({ recordsChecks: false })];
  const { port } = new URL(upstream.url);
  const keys = { CIO_WRITE_KEY: 'write-key', CIO_CLIENT_KEYS: 'web' };
  const place = { HOST: '127.0.0.1', PORT: port };
  const { code, err } = await run(['proxy'], { ...keys, ...place, ...LIMITED, CIO_REDIS_URL: url });
  expect(code).toBe(1);
  expect(err).toMatch(/^The proxy cannot listen: .*EADDRINUSE/);
});
