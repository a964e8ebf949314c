/** The documentation's recipe for Cloudflare Queues, unchanged, in workerd with Miniflare's queues. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { basicAuthorization } from '../../src/protocol/wire.ts';
import { startServer } from '../support/server/process.ts';
import { createStandIn, type StandIn } from '../support/site/stand-in.ts';
import { event, WRITE_KEY } from '../integration/proxy/setup.ts';
import { startWorkerd } from './workerd.ts';

const WAIT = { timeout: 20_000, interval: 100 };
// A Worker that returns the parked messages, and puts messages of a test into the queue.
const PROBE = `
  const { default: recipe } = await import('./servers/queue.js');
  const parked = [];
  export default {
    async fetch(request, env, ctx) {
      const { pathname } = new URL(request.url);
      if (pathname === '/parked') return Response.json(parked);
      if (pathname === '/queue') {
        await env.BATCHES.send(await request.text(), { contentType: 'text' });
        return new Response();
      }
      return recipe.fetch(request, env, ctx);
    },
    async queue(batch, env, ctx) {
      if (batch.queue === 'batches') return recipe.queue(batch, env, ctx);
      for (const message of batch.messages) parked.push(message.body);
    },
  };`;

interface Worker {
  readonly origin: string;
  readonly standIn: StandIn;
  send(batch: readonly unknown[]): Promise<number>;
}

async function start(): Promise<Worker> {
  const pipelines = await startServer('demo/pipelines/main.ts', { WRITE_KEY });
  onTestFinished(pipelines.stop);
  const standIn = createStandIn(pipelines.origin);
  const env = { CIO_WRITE_KEY: WRITE_KEY, CIO_UPSTREAM_URL: pipelines.origin };
  const consumer = { maxBatchTimeout: 0.1, maxBatchSize: 10, maxRetries: 100 };
  const more = {
    queueProducers: { BATCHES: { queueName: 'batches' }, PARKED: { queueName: 'parked' } },
    queueConsumers: { batches: consumer, parked: consumer },
  };
  const { origin, stop } = await startWorkerd(PROBE, {}, { env, more });
  onTestFinished(stop);
  return {
    origin,
    standIn,
    async send(batch) {
      const headers = {
        Authorization: basicAuthorization('client-api-key-web'),
        'Content-Type': 'application/json',
      };
      const body = JSON.stringify({ batch });
      return (await fetch(`${origin}/v1/batch`, { method: 'POST', headers, body })).status;
    },
  };
}

test('events that were confirmed with 200 arrive, also a batch that is larger than a message may be', async () => {
  const { standIn, send } = await start();
  const names = Array.from({ length: 10 }, (_, i) => `Event ${i}`);
  for (const name of names) expect(await send([event({ event: name })])).toBe(200);
  const large = Array.from({ length: 20 }, () => event({ properties: { text: 'x'.repeat(20_000) } }));
  expect(await send(large)).toBe(200);
  await vi.waitFor(async () => expect(await standIn.events()).toHaveLength(30), WAIT);
  expect(await standIn.account(names)).toEqual({ delivered: 10, lost: 0, duplicated: 0 });
});

test('while Customer.io is down the queue keeps all messages; later all arrive', async () => {
  const { standIn, send } = await start();
  await standIn.faults({ status: 503 });
  const names = ['A', 'B', 'C'];
  for (const name of names) expect(await send([event({ event: name })])).toBe(200);
  await vi.waitFor(async () => expect((await standIn.requests()).length).toBeGreaterThan(3), WAIT);
  await standIn.faults({ status: 200 });
  await vi.waitFor(async () => expect(await standIn.account(names)).toMatchObject({ lost: 0 }), {
    timeout: 40_000,
    interval: 100,
  });
}, 60_000);

test('a message that is not a batch is parked, and the others are delivered', async () => {
  const { origin, standIn, send } = await start();
  await fetch(`${origin}/queue`, { method: 'POST', body: 'not a batch' });
  expect(await send([event({ event: 'A' })])).toBe(200);
  await vi.waitFor(async () => expect(await standIn.names()).toEqual(['A']), WAIT);
  await vi.waitFor(
    async () => expect(await (await fetch(`${origin}/parked`)).json()).toEqual(['not a batch']),
    WAIT,
  );
});
