// @vitest-environment node
/** The documentation's recipe for Amazon SQS: the real client, with a stand-in for the service. */
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { type BrokerRecipe, runRecipe } from '../../support/brokers/broker-recipe.ts';
import { startServer } from '../../support/server/process.ts';
import { type SqsStandIn, startSqs } from '../../support/brokers/sqs.ts';
import { createStandIn, type StandIn } from '../../support/site/stand-in.ts';
import { event, post, verdict, WRITE_KEY } from '../proxy/setup.ts';

interface Recipe extends BrokerRecipe {
  poll(): Promise<void>;
}

let sqs: SqsStandIn;
let standIn: StandIn;

beforeEach(async () => {
  const pipelines = await startServer('demo/pipelines/main.ts', { WRITE_KEY });
  onTestFinished(pipelines.stop);
  standIn = createStandIn(pipelines.origin);
  sqs = await startSqs();
  for (const [name, value] of Object.entries({
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL_SQS: new URL(sqs.queueUrl('batches')).origin,
    CIO_QUEUE_URL: sqs.queueUrl('batches'),
    CIO_PARKED_QUEUE_URL: sqs.queueUrl('parked'),
    CIO_WRITE_KEY: WRITE_KEY,
    CIO_UPSTREAM_URL: standIn.origin,
  }))
    vi.stubEnv(name, value);
});

afterEach(() => {
  vi.unstubAllEnvs();
  sqs.server.closeAllConnections();
  sqs.server.close();
});

const run = (): Promise<Recipe> => runRecipe('@aws-sdk/client-sqs');

async function send({ proxy }: Recipe, batch: readonly unknown[]): Promise<string> {
  return verdict(await proxy.fetch(post(batch)));
}

test('events that were confirmed with 200 are in the queue, arrive, and are deleted after that', async () => {
  const recipe = await run();
  const names = Array.from({ length: 15 }, (_, i) => `Event ${i}`);
  for (const name of names) expect(await send(recipe, [event({ event: name })])).toBe('200');
  expect(sqs.bodies('batches')).toHaveLength(15);
  expect(await standIn.names()).toEqual([]);
  await recipe.poll();
  await recipe.poll();
  expect(sqs.bodies('batches')).toEqual([]);
  expect(await standIn.account(names)).toEqual({ delivered: 15, lost: 0, duplicated: 0 });
});

test('a batch that SQS does not accept gets 503', async () => {
  const recipe = await run();
  sqs.accepts = false;
  expect(await send(recipe, [event()])).toBe('503 upstream_unavailable');
});

test('a batch that is larger than a message may be is split', async () => {
  const recipe = await run();
  const batch = Array.from({ length: 20 }, () => event({ properties: { text: 'x'.repeat(20_000) } }));
  expect(await send(recipe, batch)).toBe('200');
  expect(sqs.bodies('batches')).toHaveLength(2);
  await recipe.poll();
  expect((await standIn.events()).length).toBe(20);
});

test('while Customer.io is down the queue keeps all messages; later all arrive', async () => {
  const recipe = await run();
  await standIn.faults({ status: 503 });
  expect(await send(recipe, [event({ event: 'Event' })])).toBe('200');
  await recipe.poll();
  expect(sqs.bodies('batches')).toHaveLength(1);
  // The message is invisible until its visibility timeout ends.
  const before = (await standIn.requests()).length;
  await recipe.poll();
  expect((await standIn.requests()).length).toBe(before);
  await standIn.faults({ status: 200 });
  sqs.expire('batches');
  await recipe.poll();
  expect(sqs.bodies('batches')).toEqual([]);
  expect(await standIn.names()).toEqual(['Event']);
});

test('messages that a forwarder held when it died are delivered again', async () => {
  const recipe = await run();
  await standIn.faults({ latencyMs: 300 });
  for (const name of ['A', 'B']) expect(await send(recipe, [event({ event: name })])).toBe('200');
  const dying = recipe.poll();
  await vi.waitFor(() => expect(sqs.bodies('batches')).toHaveLength(2));
  sqs.expire('batches');
  await (await run()).poll();
  await dying;
  expect(await standIn.account(['A', 'B'])).toMatchObject({ delivered: 2, lost: 0 });
  expect(sqs.bodies('batches')).toEqual([]);
});

test('a message that is not a batch is parked, and the others are delivered', async () => {
  const recipe = await run();
  const { SendMessageCommand, SQSClient } = await import('@aws-sdk/client-sqs');
  const QueueUrl = sqs.queueUrl('batches');
  await new SQSClient({}).send(new SendMessageCommand({ QueueUrl, MessageBody: 'not a batch' }));
  expect(await send(recipe, [event({ event: 'A' })])).toBe('200');
  await recipe.poll();
  expect(await standIn.names()).toEqual(['A']);
  expect([sqs.bodies('batches'), sqs.bodies('parked')]).toEqual([[], ['not a batch']]);
});
