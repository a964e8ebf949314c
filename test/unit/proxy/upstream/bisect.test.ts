// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { BatchAnswer, ProxyLogEntry, ProxyOptions } from '../../../../src/proxy.ts';
import { sendBisected } from '../../../../src/proxy/upstream/bisect.ts';
import { event, post, startProxy, verdict } from '../../../integration/proxy/setup.ts';
import type { Received, Upstream } from '../../../integration/proxy/upstream.ts';

const REJECTION = { status: 400, body: '{"meta":{"errors":["event is odd"]}}' };
const isBad = ({ body }: Received): boolean => body.batch.some((each) => each['event'] === 'Bad');

/** Makes a batch of numbered events; the events with the numbers in `bad` are named "bad". */
const batchOf = (length: number, bad: readonly number[]): readonly Record<string, unknown>[] =>
  Array.from({ length }, (_, i) =>
    event({ messageId: `m${i}`, event: bad.includes(i) ? 'Bad' : 'Good', anonymousId: 'a' }),
  );

async function startStrict(
  options: Partial<ProxyOptions> = {},
): Promise<Awaited<ReturnType<typeof startProxy>> & { readonly log: ProxyLogEntry[] }> {
  const log: ProxyLogEntry[] = [];
  const started = await startProxy({ onLog: (entry) => log.push(entry), ...options });
  started.upstream.respond((request) => (isBad(request) ? REJECTION : {}));
  return { ...started, log };
}

const accepted = ({ received }: Upstream): readonly unknown[] =>
  received.filter((request) => !isBad(request)).flatMap(({ body }) => body.batch.map((e) => e['messageId']));

const rejectedIn = async (response: Response): Promise<readonly unknown[]> =>
  ((await response.json()) as BatchAnswer).rejected?.map(({ messageId }) => messageId) ?? [];

describe('a batch that Customer.io rejects:', () => {
  test.each([
    [2, [0]],
    [2, [1]],
    [3, [1]],
    [10, [0]],
    [10, [9]],
    [10, [3, 7]],
    [100, [57]],
    [100, [0, 99]],
    [500, [250]],
    [7, [0, 1, 2, 3, 4, 5, 6]],
  ])('with %i events only the bad ones are dropped: %j', async (length, bad) => {
    const { proxy, upstream, log } = await startStrict();
    const batch = batchOf(length, bad);
    const response = await proxy.fetch(post(batch));
    expect(response.status).toBe(200);
    expect(await rejectedIn(response)).toEqual(bad.map((i) => `m${i}`));
    // Each of the other events must arrive once, in order.
    expect(accepted(upstream)).toEqual(
      batch.filter((_, i) => !bad.includes(i)).map(({ messageId }) => messageId),
    );
    expect(upstream.received.length).toBeLessThanOrEqual(40);
    expect(log[0]).toMatchObject({
      status: 200,
      events: length - bad.length,
      rejected: { rejected: bad.length },
      upstreamRequests: upstream.received.length,
    });
  });

  test('the bad one is named, with the reason of Customer.io', async () => {
    const { proxy } = await startStrict();
    const response = await proxy.fetch(post(batchOf(4, [2])));
    expect(await response.json()).toEqual({
      success: true,
      rejected: [{ messageId: 'm2', error: 'rejected', reason: 'event is odd' }],
    });
  });

  test('every part carries sentAt, the write key and strict mode', async () => {
    const { proxy, upstream } = await startStrict();
    await proxy.fetch(post(batchOf(4, [2])));
    for (const { headers, body } of upstream.received) {
      expect(headers['x-strict-mode']).toBe('1');
      expect(headers.authorization).toBe(upstream.received[0]?.headers.authorization);
      expect(body.sentAt).toBe('2026-01-02T03:04:06.000Z');
    }
  });

  test('a single event is refused as usual', async () => {
    const { proxy, upstream } = await startStrict();
    expect(await verdict(await proxy.fetch(post(batchOf(1, [0]))))).toBe('400 rejected');
    expect(upstream.received).toHaveLength(1);
  });

  test('an event is reported as rejected only if it was rejected alone', async () => {
    const { proxy, upstream } = await startProxy();
    // This upstream refuses a batch for its size, not for an event.
    upstream.respond(({ body }) => (body.batch.length > 2 ? REJECTION : {}));
    const response = await proxy.fetch(post(batchOf(9, [])));
    expect(await response.json()).toEqual({ success: true });
  });

  test('with many bad events the browser must divide the batch: requests are limited', async () => {
    const { proxy, upstream } = await startStrict();
    const all = Array.from({ length: 100 }, (_, i) => i);
    expect(await verdict(await proxy.fetch(post(batchOf(100, all))))).toBe('400 rejected');
    expect(upstream.received.length).toBeLessThanOrEqual(40);
  });

  test('when Customer.io fails meanwhile, all events are kept', async () => {
    const { proxy, upstream } = await startProxy({ upstream: { retries: 0 } });
    upstream.respond((request) =>
      upstream.received.length > 3 ? { status: 503 } : isBad(request) ? REJECTION : {},
    );
    const response = await proxy.fetch(post(batchOf(10, [9])));
    expect(response.headers.get('Retry-After')).toMatch(/^\d+$/);
    expect(await verdict(response)).toBe('503 upstream_unavailable');
  });

  test('when the time is over meanwhile, all events are kept', async () => {
    const { proxy, upstream } = await startProxy({ timeoutMs: 300 });
    upstream.respond((request) =>
      upstream.received.length > 2 ? new Promise<never>(() => {}) : isBad(request) ? REJECTION : {},
    );
    expect(await verdict(await proxy.fetch(post(batchOf(10, [9]))))).toBe('503 upstream_unavailable');
  });

  test('when the time cannot be enough, the browser must divide the batch, instead of getting 503 for ever', async () => {
    const sent: number[] = [];
    let left = 1_000;
    const acceptedEvents = batchOf(100, []).map((each) => ({
      id: String(each['messageId']),
      event: each as never,
      json: '',
      receivedSpan: null,
      hasPreviousId: false,
    }));
    const delivery = await sendBisected(
      acceptedEvents,
      async ({ length }) => {
        sent.push(length);
        left -= 200;
        return { kind: 'rejected', status: 400, reason: '' };
      },
      () => left,
    );
    expect(delivery.kind).toBe('rejected');
    expect(sent).toEqual([100]);
  });

  test('the ids are those of the browser, even if a hook has changed them', async () => {
    const { proxy } = await startStrict({
      transform: (each) => ({ ...each, messageId: `other-${each.messageId}` }),
    });
    expect(await rejectedIn(await proxy.fetch(post(batchOf(4, [1]))))).toEqual(['m1']);
  });
});
