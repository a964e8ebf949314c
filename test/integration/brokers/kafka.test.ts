// @vitest-environment node
/** The documentation's recipe for Kafka, with a stand-in for kafkajs. */
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { type BrokerRecipe, runRecipe } from '../../support/brokers/broker-recipe.ts';
import { createKafka, type KafkaStandIn } from '../../support/brokers/kafka.ts';
import { startServer } from '../../support/server/process.ts';
import { createStandIn, type StandIn } from '../../support/site/stand-in.ts';
import { event, post, verdict, WRITE_KEY } from '../proxy/setup.ts';

const WAIT = { timeout: 15_000, interval: 20 };
let kafka: KafkaStandIn;
let standIn: StandIn;

beforeEach(async () => {
  const pipelines = await startServer('demo/pipelines/main.ts', { WRITE_KEY });
  onTestFinished(pipelines.stop);
  standIn = createStandIn(pipelines.origin);
  kafka = createKafka();
  vi.stubEnv('CIO_WRITE_KEY', WRITE_KEY);
  vi.stubEnv('CIO_UPSTREAM_URL', standIn.origin);
  vi.doMock('kafkajs', () => ({
    Kafka: function Kafka() {
      return kafka.client;
    },
  }));
});

afterEach(() => {
  kafka.crash();
  vi.unstubAllEnvs();
  vi.doUnmock('kafkajs');
});

const run = (): Promise<BrokerRecipe> => runRecipe('kafkajs');

async function send({ proxy }: BrokerRecipe, names: readonly string[]): Promise<string> {
  return verdict(await proxy.fetch(post(names.map((name) => event({ event: name })))));
}

test('events that were confirmed with 200 arrive, and are committed after that', async () => {
  const recipe = await run();
  const names = Array.from({ length: 20 }, (_, i) => `Event ${i}`);
  for (const name of names) expect(await send(recipe, [name, `${name} more`])).toBe('200');
  await vi.waitFor(() => expect(kafka.lag('cio.batches')).toBe(0), WAIT);
  expect(await standIn.account(names)).toEqual({ delivered: 20, lost: 0, duplicated: 0 });
  expect(kafka.topic('cio.batches').flat()).toHaveLength(20);
});

test('a batch that Kafka does not accept gets 503', async () => {
  const recipe = await run();
  kafka.accepts = false;
  expect(await send(recipe, ['Event'])).toBe('503 upstream_unavailable');
});

test('while Customer.io is down nothing is committed; later all events arrive', async () => {
  const recipe = await run();
  await standIn.faults({ status: 503 });
  const names = Array.from({ length: 6 }, (_, i) => `Event ${i}`);
  for (const name of names) expect(await send(recipe, [name])).toBe('200');
  await vi.waitFor(async () => expect((await standIn.requests()).length).toBeGreaterThan(2), WAIT);
  expect(kafka.lag('cio.batches')).toBe(6);
  await standIn.faults({ status: 200 });
  await vi.waitFor(() => expect(kafka.lag('cio.batches')).toBe(0), { timeout: 40_000, interval: 50 });
  expect(await standIn.account(names)).toEqual({ delivered: 6, lost: 0, duplicated: 0 });
}, 60_000);

test('a forwarder that dies during its deliveries loses no event', async () => {
  const recipe = await run();
  await standIn.faults({ latencyMs: 30 });
  const names = Array.from({ length: 30 }, (_, i) => `Event ${i}`);
  for (const name of names) expect(await send(recipe, [name])).toBe('200');
  await vi.waitFor(async () => expect((await standIn.names()).length).toBeGreaterThan(3), WAIT);
  kafka.crash();
  expect(kafka.lag('cio.batches')).toBeGreaterThan(0);
  await run();
  await vi.waitFor(() => expect(kafka.lag('cio.batches')).toBe(0), WAIT);
  const { delivered, duplicated } = await standIn.account(names);
  expect(delivered).toBe(30);
  expect(duplicated).toBeLessThanOrEqual(2);
});

test('a message that is not a batch is parked, and the others are delivered', async () => {
  const recipe = await run();
  const messages = [0, 1].map((key) => ({ key: String(key), value: 'not a batch' }));
  await kafka.client.producer().send({ topic: 'cio.batches', messages });
  for (const name of ['A', 'B', 'C']) expect(await send(recipe, [name])).toBe('200');
  await vi.waitFor(() => expect(kafka.lag('cio.batches')).toBe(0), WAIT);
  expect(await standIn.account(['A', 'B', 'C'])).toMatchObject({ lost: 0 });
  expect(kafka.topic('cio.parked').flat()).toEqual(['not a batch', 'not a batch']);
});
