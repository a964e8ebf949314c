// @vitest-environment node
/**
 * The programs of the documentation, unchanged, with a real nats-server; each is a process of its own that is killed
 * under load.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, onTestFinished, test, vi } from 'vitest';
import { basicAuthorization } from '../../../src/protocol/wire.ts';
import { listen } from '../../support/server/listen.ts';
import { type NatsServer, startNats } from '../../support/brokers/nats-server.ts';
import { startServer } from '../../support/server/process.ts';
import { kill, runExample } from '../../support/docs/example-program.ts';
import { createStandIn, type StandIn } from '../../support/site/stand-in.ts';
import { event, WRITE_KEY } from '../proxy/setup.ts';

const BATCHES = 400;
const EVENTS = 5;
/** The value that the documentation uses. */
const CONCURRENCY = 16;

interface World {
  readonly server: NatsServer;
  readonly standIn: StandIn;
  startForwarder(): ChildProcess;
  /** Sends batches as browsers do, again until the response is 200. Returns the names of the events. */
  load(prefix: string): Promise<readonly string[]>;
}

async function start(): Promise<World> {
  const server = await startNats();
  onTestFinished(() => server.remove());
  const pipelines = await startServer('demo/pipelines/main.ts', { WRITE_KEY });
  onTestFinished(pipelines.stop);
  const { server: probe, port } = await listen(createServer());
  probe.close();
  const env = {
    NATS_URL: server.url,
    CIO_WRITE_KEY: WRITE_KEY,
    CIO_UPSTREAM_URL: pipelines.origin,
    PORT: String(port),
  };
  const [made] = await once(runExample('jetstreamManager(nats)', env), 'exit');
  expect(made).toBe(0);
  runExample('toNats({', env);
  const origin = `http://127.0.0.1:${port}`;
  await vi.waitFor(async () => expect((await fetch(`${origin}/v1/health`)).status).toBe(200), 45_000);

  async function send(names: readonly string[]): Promise<void> {
    const batch = names.map((name) => event({ event: name }));
    for (;;) {
      const status = await fetch(`${origin}/v1/batch`, {
        method: 'POST',
        headers: {
          Authorization: basicAuthorization('client-api-key-web'),
          'Content-Type': 'application/json',
        },
        body: JSON.stringify({ batch, sentAt: new Date().toISOString() }),
      }).then((response) => response.text().then(() => response.status));
      if (status === 200) return;
      expect(status).toBe(503);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  return {
    server,
    standIn: createStandIn(pipelines.origin),
    startForwarder: () => runExample('forwardFromNats({', env),
    async load(prefix) {
      const batches = Array.from({ length: BATCHES }, (_, i) =>
        Array.from({ length: EVENTS }, (_, k) => `${prefix} ${i} ${k}`),
      );
      const left = batches.values();
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          for (const batch of left) await send(batch);
        }),
      );
      return batches.flat();
    },
  };
}

const arrived = async (standIn: StandIn, count: number): Promise<void> =>
  vi.waitFor(async () => expect((await standIn.names()).length).toBeGreaterThanOrEqual(count), {
    timeout: 60_000,
    interval: 20,
  });

test('a forwarder that is killed during its deliveries loses nothing, and repeats only what was in flight', async () => {
  const { standIn, startForwarder, load } = await start();
  await standIn.faults({ latencyMs: 40 });
  const loading = load('Event');
  const kills = 3;
  for (let i = 1; i <= kills; i += 1) {
    const forwarder = startForwarder();
    await arrived(standIn, i * 300);
    await kill(forwarder);
  }
  const names = await loading;
  expect((await standIn.account(names)).lost).toBeGreaterThan(0);
  startForwarder();
  await vi.waitFor(async () => expect((await standIn.account(names)).lost).toBe(0), {
    timeout: 90_000,
    interval: 250,
  });
  const { delivered, duplicated } = await standIn.account(names);
  expect(delivered).toBe(BATCHES * EVENTS);
  expect(duplicated).toBeLessThanOrEqual(kills * CONCURRENCY * EVENTS);
  expect(Math.max(...(await standIn.times()).values())).toBeLessThanOrEqual(1 + kills);
}, 180_000);

test('a nats-server that is killed under load, twice, loses no event that was confirmed with 200', async () => {
  const { server, standIn, startForwarder, load } = await start();
  await standIn.faults({ latencyMs: 20 });
  startForwarder();
  const loading = load('Event');
  for (const count of [200, 700]) {
    await arrived(standIn, count);
    await server.kill();
    await server.start();
  }
  const names = await loading;
  await vi.waitFor(async () => expect((await standIn.account(names)).lost).toBe(0), {
    timeout: 90_000,
    interval: 250,
  });
  expect((await standIn.account(names)).delivered).toBe(BATCHES * EVENTS);
}, 180_000);

test('SIGTERM: a forwarder finishes what is in flight: nothing is lost or repeated', async () => {
  const { standIn, startForwarder, load } = await start();
  await standIn.faults({ latencyMs: 40 });
  const loading = load('Event');
  const forwarder = startForwarder();
  await arrived(standIn, 300);
  const ended = once(forwarder, 'exit');
  forwarder.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  const names = await loading;
  expect((await standIn.account(names)).lost).toBeGreaterThan(0);
  startForwarder();
  await vi.waitFor(async () => expect((await standIn.account(names)).lost).toBe(0), {
    timeout: 60_000,
    interval: 250,
  });
  expect(await standIn.account(names)).toEqual({
    delivered: BATCHES * EVENTS,
    lost: 0,
    duplicated: 0,
  });
}, 180_000);
