// @vitest-environment node
/**
 * Messages that arrive at the same time are sent to Customer.io in one request, and each message has its own
 * result.
 */
import { describe, expect, test } from 'vitest';
import {
  createForwarder,
  type Forwarder,
  type ForwarderOptions,
  type ForwardLogEntry,
  type ForwardOutcome,
  packBatch,
} from '../../../src/proxy.ts';
import type { WireEvent } from '../../../src/protocol/wire.ts';
import { event, WRITE_KEY } from './setup.ts';
import { type Answer, type Received, startUpstream, type Upstream } from './upstream.ts';

const REJECTION: Answer = { status: 400, body: '{"meta":{"errors":["bad"]}}' };

interface Body {
  readonly batch: readonly { readonly event: string; readonly messageId: string }[];
  readonly sentAt: string;
}

const bodyOf = ({ text }: Received): Body => JSON.parse(text) as Body;
const namesIn = (request: Received): readonly string[] => bodyOf(request).batch.map((each) => each.event);

interface Scene {
  readonly forwarder: Forwarder;
  readonly upstream: Upstream;
  readonly log: readonly ForwardLogEntry[];
  /** The names of the events that were accepted, in order. */
  readonly accepted: readonly string[];
}

async function start(
  options: Partial<ForwarderOptions> = {},
  answer: (names: readonly string[]) => Answer = () => ({}),
): Promise<Scene> {
  const upstream = await startUpstream();
  const log: ForwardLogEntry[] = [];
  const accepted: string[] = [];
  upstream.respond((request) => {
    const names = namesIn(request);
    const given = answer(names);
    if ((given.status ?? 200) === 200) accepted.push(...names);
    return given;
  });
  const forwarder = createForwarder({
    writeKey: WRITE_KEY,
    upstreamUrl: upstream.url,
    onLog: (entry) => void log.push(entry),
    ...options,
  });
  return { forwarder, upstream, log, accepted };
}

async function message(names: readonly string[], sentAt?: string, properties = {}): Promise<Uint8Array> {
  const batch = names.map((name) => event({ event: name, properties }) as unknown as WireEvent);
  const [packed] = await packBatch(sentAt === undefined ? { batch } : { batch, sentAt });
  return packed?.bytes ?? new Uint8Array();
}

const numbered = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `Event ${i}`);

async function forwardAll(
  { forwarder }: Scene,
  names: readonly string[],
  attempt?: number,
): Promise<readonly ForwardOutcome[]> {
  const messages = await Promise.all(names.map((name) => message([name])));
  return Promise.all(messages.map((bytes) => forwarder.forward(bytes, { attempt })));
}

const kindsOf = (outcomes: readonly ForwardOutcome[]): readonly string[] => outcomes.map(({ kind }) => kind);

describe('messages that arrive at the same time', () => {
  test('are sent in one request, in order', async () => {
    const scene = await start();
    const names = numbered(100);
    expect(new Set(kindsOf(await forwardAll(scene, names)))).toEqual(new Set(['done']));
    expect(scene.upstream.received).toHaveLength(1);
    expect(scene.accepted).toEqual(names);
    expect(scene.log).toHaveLength(100);
    for (const entry of scene.log) expect(entry).toMatchObject({ outcome: 'done', events: 1, merged: 100 });
    expect(scene.log.reduce((sum, { upstreamRequests = 0 }) => sum + upstreamRequests, 0)).toBe(1);
  });

  test('are sent in as many requests as limits require: 100 messages, 500 events, 475 KB', async () => {
    const scene = await start();
    const { forwarder, upstream } = scene;
    await forwardAll(scene, numbered(250));
    expect(upstream.received.map((request) => namesIn(request).length)).toEqual([100, 100, 50]);
    const big = await Promise.all(Array.from({ length: 12 }, () => message(numbered(90))));
    await Promise.all(big.map((bytes) => forwarder.forward(bytes)));
    expect(upstream.received.slice(3).map((request) => namesIn(request).length)).toEqual([450, 450, 180]);
    const heavy = await Promise.all(
      Array.from({ length: 40 }, () => message(['Heavy'], undefined, { text: '✓'.repeat(9_000) })),
    );
    await Promise.all(heavy.map((bytes) => forwarder.forward(bytes)));
    for (const { text } of upstream.received.slice(6)) expect(Buffer.byteLength(text)).toBeLessThan(500_000);
    expect(upstream.received.slice(6)).toHaveLength(3);
  });

  test('share the timestamp of their request, and a single message has its own', async () => {
    const { forwarder, upstream } = await start();
    const before = '2020-01-02T03:04:05.000Z';
    const messages = await Promise.all([message(['A'], before), message(['B'], before)]);
    await Promise.all(messages.map((bytes) => forwarder.forward(bytes)));
    await forwarder.forward(await message(['C'], before));
    const [together, alone] = upstream.received.map((request) => bodyOf(request).sentAt);
    expect(Math.abs(Date.parse(together ?? '') - Date.now())).toBeLessThan(10_000);
    expect(alone).toBe(before);
  });

  test('are sent separately with merge: false', async () => {
    const scene = await start({ upstream: { merge: false } });
    await forwardAll(scene, numbered(10));
    expect(scene.upstream.received).toHaveLength(10);
  });

  test('do not wait for each other when they arrive one after the other', async () => {
    const { forwarder, upstream } = await start({ upstream: { merge: { waitMs: 1_000 } } });
    const started = performance.now();
    for (let i = 0; i < 20; i += 1) await forwarder.forward(await message(['One']));
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(upstream.received).toHaveLength(20);
  });
});

describe('a message that Customer.io refuses', () => {
  test.each([0, 37, 99])('is dropped alone, at any position: %i of 100', async (place) => {
    const bad = `Event ${place}`;
    const scene = await start({}, (names) => (names.includes(bad) ? REJECTION : {}));
    const names = numbered(100);
    const outcomes = await forwardAll(scene, names);
    expect(new Set(kindsOf(outcomes))).toEqual(new Set(['done']));
    const told = outcomes.map((outcome) => (outcome.kind === 'done' ? outcome.rejected : []));
    expect(told.map((rejected) => rejected.length)).toEqual(names.map((name) => (name === bad ? 1 : 0)));
    expect(told[place]).toMatchObject([{ error: 'rejected', reason: 'bad' }]);
    expect(scene.accepted).toEqual(names.filter((name) => name !== bad));
    expect(scene.upstream.received.length).toBeLessThan(20);
  });

  test('is found among other bad messages, too', async () => {
    const isBad = (name: string): boolean => Number(name.replace('Event ', '')) % 9 === 0;
    const scene = await start({}, (names) => (names.some(isBad) ? REJECTION : {}));
    const names = numbered(100);
    const outcomes = await forwardAll(scene, names);
    expect(outcomes.map((outcome) => outcome.kind === 'done' && outcome.rejected.length)).toEqual(
      names.map((name) => (isBad(name) ? 1 : 0)),
    );
    expect(scene.accepted).toEqual(names.filter((name) => !isBad(name)));
  });

  test('and causes a 500 is tried again later, alone, and is given up after the fifth attempt', async () => {
    const scene = await start({}, (names) => (names.includes('Event 7') ? { status: 500 } : {}));
    for (const attempt of [1, 4])
      expect(kindsOf(await forwardAll(scene, numbered(20), attempt))).toEqual(
        numbered(20).map((name) => (name === 'Event 7' ? 'later' : 'done')),
      );
    expect(kindsOf(await forwardAll(scene, numbered(20), 5))).toEqual(
      numbered(20).map((name) => (name === 'Event 7' ? 'never' : 'done')),
    );
  });

  test('and is slow delays the other messages only while the batch is divided', async () => {
    const { forwarder, upstream } = await start({ timeoutMs: 1_000 });
    upstream.respond(async (request) => {
      if (!namesIn(request).includes('Bad')) return {};
      await new Promise((resolve) => setTimeout(resolve, 100));
      return REJECTION;
    });
    const poison = await message(['Bad', ...Array.from({ length: 30 }, () => 'Bad')]);
    const good = await Promise.all(numbered(63).map((name) => message([name])));
    const started = performance.now();
    const slow = forwarder.forward(poison);
    await Promise.all(good.map((bytes) => forwarder.forward(bytes)));
    // The good messages wait for one request for each of seven halvings, but not for the bad message.
    expect(performance.now() - started).toBeLessThan(1_500);
    expect(await slow).toMatchObject({ kind: 'done' });
    expect(performance.now() - started).toBeGreaterThan(2_000);
  });
});

test('while Customer.io is down all messages are postponed after one request', async () => {
  const scene = await start({ upstream: { retries: 0, breakAfter: 1 } }, () => ({ status: 503 }));
  const outcomes = await forwardAll(scene, numbered(100));
  for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: 'later', isDown: true });
  expect(scene.upstream.received).toHaveLength(1);
});

test('an unreadable message delays no other', async () => {
  const { forwarder, upstream, log } = await start();
  const good = await message(['Good']);
  const outcomes = await Promise.all(
    [good, 'not a batch', '{"version":2}', '{"version":1,"batch":[]}', good].map((each) =>
      forwarder.forward(each),
    ),
  );
  expect(kindsOf(outcomes)).toEqual(['done', 'never', 'later', 'done', 'done']);
  expect(upstream.received).toHaveLength(1);
  expect(log).toHaveLength(5);
});
