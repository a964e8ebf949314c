// @vitest-environment node
import { describe, expect, test } from 'vitest';
import {
  createForwarder,
  type Forwarder,
  type ForwarderOptions,
  type ForwardLogEntry,
  packBatch,
} from '../../../../src/proxy.ts';
import type { WireEvent } from '../../../../src/protocol/wire.ts';
import { event, WRITE_KEY } from '../../../integration/proxy/setup.ts';
import {
  type Answer,
  type Received,
  startUpstream,
  type Upstream,
} from '../../../integration/proxy/upstream.ts';

const REJECTION: Answer = { status: 400, body: '{"meta":{"errors":["bad"]}}' };

interface World {
  readonly forwarder: Forwarder;
  readonly upstream: Upstream;
  readonly log: readonly ForwardLogEntry[];
}

async function start(options: Partial<ForwarderOptions> = {}): Promise<World> {
  const upstream = await startUpstream();
  const log: ForwardLogEntry[] = [];
  const forwarder = createForwarder({
    writeKey: WRITE_KEY,
    upstreamUrl: upstream.url,
    upstream: { retries: 0 },
    onLog: (entry) => void log.push(entry),
    ...options,
  });
  return { forwarder, upstream, log };
}

async function message(batch: readonly unknown[]): Promise<Uint8Array> {
  const packed = { batch: batch as readonly WireEvent[], sentAt: '2026-01-02T03:04:06.000Z' };
  const [first] = await packBatch(packed, { maxBytes: Number.MAX_SAFE_INTEGER });
  return first?.bytes ?? new Uint8Array();
}

const idsIn = ({ body }: Received): readonly unknown[] => body.batch.map(({ messageId }) => messageId);
const has =
  (name: string, answer: Answer): ((request: Received) => Answer) =>
  ({ body }) =>
    body.batch.some((each) => each['event'] === name) ? answer : {};

/** Collects the accepted events, in order. */
function accept(upstream: Upstream, answer: (request: Received) => Answer): readonly unknown[] {
  const accepted: unknown[] = [];
  upstream.respond((request) => {
    const given = answer(request);
    if ((given.status ?? 200) === 200) accepted.push(...idsIn(request));
    return given;
  });
  return accepted;
}

describe('done', () => {
  test('if Customer.io has accepted all, unchanged, with the key, in strict mode', async () => {
    const { forwarder, upstream, log } = await start();
    const batch = [event(), event()];
    expect(await forwarder.forward(await message(batch))).toEqual({ kind: 'done', rejected: [] });
    expect(upstream.received).toHaveLength(1);
    const [{ path, headers, body } = expect.fail()] = upstream.received;
    expect([path, headers['x-strict-mode']]).toEqual(['/v1/batch', '1']);
    expect(headers.authorization).toBe(`Basic ${Buffer.from(`${WRITE_KEY}:`).toString('base64')}`);
    expect(body).toEqual({ batch, sentAt: '2026-01-02T03:04:06.000Z' });
    expect(log).toMatchObject([{ outcome: 'done', events: 2, attempt: 1, upstreamStatus: 200 }]);
    expect(JSON.stringify(log)).not.toContain(WRITE_KEY);
  });

  test.each([1, 2, 7, 100])('with one bad event of %i, which is reported and dropped alone', async (size) => {
    const { forwarder, upstream, log } = await start();
    const batch = Array.from({ length: size }, (_, i) =>
      event({ event: i === Math.floor(size / 2) ? 'Bad' : 'Good' }),
    );
    const bad = batch[Math.floor(size / 2)]?.['messageId'];
    const accepted = accept(upstream, has('Bad', REJECTION));
    const rejected = [{ messageId: bad, error: 'rejected', reason: 'bad' }];
    expect(await forwarder.forward(await message(batch))).toEqual({ kind: 'done', rejected });
    expect(accepted).toEqual(batch.map(({ messageId }) => messageId).filter((id) => id !== bad));
    expect(log).toMatchObject([{ outcome: 'done', rejected }]);
  });

  test('with only bad events, however many requests that takes', async () => {
    const { forwarder, upstream } = await start();
    upstream.respond(REJECTION);
    const batch = Array.from({ length: 100 }, () => event());
    const outcome = await forwarder.forward(await message(batch));
    expect(outcome).toMatchObject({ kind: 'done' });
    expect(outcome.kind === 'done' && outcome.rejected.map(({ messageId }) => messageId)).toEqual(
      batch.map(({ messageId }) => messageId),
    );
  });

  test('in several requests, in order, if one would be too large', async () => {
    const { forwarder, upstream } = await start();
    const batch = Array.from({ length: 50 }, () => event({ properties: { text: '✓'.repeat(8_000) } }));
    expect(await forwarder.forward(await message(batch))).toMatchObject({ kind: 'done' });
    expect(upstream.received.length).toBeGreaterThan(2);
    for (const { text } of upstream.received) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(500_000);
    expect(upstream.received.flatMap(idsIn)).toEqual(batch.map(({ messageId }) => messageId));
  });

  test('in halves after a 413; a single event that is too large is rejected', async () => {
    const { forwarder, upstream } = await start();
    const batch = Array.from({ length: 5 }, (_, i) => event({ event: i === 3 ? 'Big' : 'Small' }));
    const accepted = accept(upstream, (request) =>
      request.body.batch.length > 2 || has('Big', { status: 413 })(request).status ? { status: 413 } : {},
    );
    const big = batch[3]?.['messageId'];
    expect(await forwarder.forward(await message(batch))).toMatchObject({
      kind: 'done',
      rejected: [{ messageId: big, reason: 'too large for Customer.io' }],
    });
    expect(accepted).toEqual(batch.map(({ messageId }) => messageId).filter((id) => id !== big));
  });

  test('without events', async () => {
    const { forwarder, upstream } = await start();
    expect(await forwarder.forward('{"version":1,"batch":[]}')).toEqual({ kind: 'done', rejected: [] });
    expect(upstream.received).toEqual([]);
  });
});

describe('later', () => {
  test.each<[string, Parameters<Upstream['respond']>[0]]>([
    ['hangs up', 'hang-up'],
    ['says nothing', 'silence'],
    ['answers 500', { status: 500 }],
    ['answers 503', { status: 503 }],
    ['refuses the key', { status: 401 }],
  ])('when Customer.io %s', async (_, answer) => {
    const { forwarder, upstream, log } = await start({ timeoutMs: 100 });
    upstream.respond(answer);
    const outcome = await forwarder.forward(await message([event()]));
    expect(outcome).toMatchObject({ kind: 'later', delayMs: expect.any(Number) });
    expect(outcome.kind === 'later' && outcome.delayMs).toBeGreaterThan(0);
    expect(log).toMatchObject([{ outcome: 'later', detail: expect.stringMatching(/./) }]);
  });

  test('after the delay that Customer.io asks for, which applies to every message', async () => {
    const { forwarder, upstream } = await start();
    upstream.respond({ status: 429, headers: { 'Retry-After': '17' } });
    expect(await forwarder.forward(await message([event()]))).toMatchObject({
      kind: 'later',
      delayMs: 17_000,
      isDown: true,
    });
    const next = await forwarder.forward(await message([event()]));
    expect(next).toMatchObject({ kind: 'later', isDown: true });
    expect(next.kind === 'later' && next.delayMs).toBeGreaterThan(15_000);
    expect(upstream.received).toHaveLength(1);
  });

  test('after a longer delay each time, a minute at most', async () => {
    const { forwarder, upstream } = await start();
    upstream.respond({ status: 503 });
    const delays: number[] = [];
    for (const attempt of [1, 2, 3, 50]) {
      const outcome = await forwarder.forward(await message([event()]), { attempt });
      if (outcome.kind === 'later') delays.push(outcome.delayMs);
    }
    expect(delays).toHaveLength(4);
    for (const [i, most] of [1_000, 2_000, 4_000, 60_000].entries()) {
      expect(delays[i]).toBeLessThanOrEqual(most);
      expect(delays[i]).toBeGreaterThanOrEqual(most / 2);
    }
  });

  test('with all of its events, if Customer.io fails during them', async () => {
    const { forwarder, upstream } = await start();
    const batch = Array.from({ length: 50 }, () => event({ properties: { text: 'x'.repeat(20_000) } }));
    upstream.respond(() => (upstream.received.length > 1 ? { status: 503 } : {}));
    expect(await forwarder.forward(await message(batch))).toMatchObject({ kind: 'later' });
    upstream.respond({});
    const before = upstream.received.length;
    expect(await forwarder.forward(await message(batch), { attempt: 2 })).toMatchObject({ kind: 'done' });
    expect(upstream.received.slice(before).flatMap(idsIn)).toEqual(batch.map(({ messageId }) => messageId));
  });

  test('when a newer version has written the message', async () => {
    const { forwarder } = await start();
    expect(await forwarder.forward('{"version":2}')).toMatchObject({ kind: 'later', isDown: false });
  });
});

describe('never', () => {
  test.each(['', 'hello', '{"batch":[]}', '{"version":1,"batch":[null]}'])(
    'when it is not a batch: %j',
    async (text) => {
      const { forwarder, upstream, log } = await start();
      expect(await forwarder.forward(text)).toMatchObject({ kind: 'never' });
      expect(upstream.received).toEqual([]);
      expect(log).toMatchObject([{ outcome: 'never', events: 0 }]);
    },
  );

  test('when Customer.io repeatedly responds with 500 to one of its events; the others have arrived', async () => {
    const { forwarder, upstream } = await start();
    const batch = Array.from({ length: 20 }, (_, i) => event({ event: i === 11 ? 'Poison' : 'Good' }));
    const accepted = accept(upstream, has('Poison', { status: 500 }));
    const bytes = await message(batch);
    for (const attempt of [1, 2, 3, 4])
      expect(await forwarder.forward(bytes, { attempt })).toMatchObject({ kind: 'later', isDown: false });
    expect(accepted).toEqual([]);
    expect(await forwarder.forward(bytes, { attempt: 5 })).toEqual({
      kind: 'never',
      reason: 'Customer.io fails repeatedly for 1 of 20 events.',
    });
    expect(accepted).toHaveLength(19);
  });

  test('but not when it responds with 500 to everything', async () => {
    const { forwarder, upstream } = await start();
    upstream.respond({ status: 500 });
    expect(await forwarder.forward(await message([event(), event()]), { attempt: 9 })).toMatchObject({
      kind: 'later',
    });
  });
});

test('messages are forwarded concurrently', async () => {
  const { forwarder, upstream } = await start();
  let free = (): void => {};
  const first = new Promise<Answer>((resolve) => (free = () => resolve({})));
  upstream.respond(() => (upstream.received.length === 1 ? first : {}));
  const slow = forwarder.forward(await message([event()]));
  // Messages that arrive in the same turn of the event loop are sent in the same request.
  await expect.poll(() => upstream.received.length).toBe(1);
  const quick = await forwarder.forward(await message([event()]));
  expect(quick).toMatchObject({ kind: 'done' });
  free();
  expect(await slow).toMatchObject({ kind: 'done' });
});

test('a log function that throws changes nothing', async () => {
  const { forwarder } = await start({
    onLog: () => {
      throw new Error('full');
    },
  });
  expect(await forwarder.forward(await message([event()]))).toMatchObject({ kind: 'done' });
});

test.each<[string, object, string]>([
  ['no key', {}, '"writeKey" is missing'],
  ['a wrong region', { writeKey: 'k', region: 'asia' }, '"region" must be'],
  ['a wrong limit', { writeKey: 'k', upstream: { retries: -1 } }, '"upstream.retries" must be'],
  [
    'an option of the proxy',
    { writeKey: 'k', clientKeys: ['web'] },
    '"clientKeys" is no option of the forwarder',
  ],
])('%s throws at once', (_, options, problem) => {
  expect(() => createForwarder(options as ForwarderOptions)).toThrow(
    expect.objectContaining({ code: 'invalid-options', message: expect.stringContaining(problem) }),
  );
});
