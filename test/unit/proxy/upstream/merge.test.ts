// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { ProxyLogEntry, ProxyOptions } from '../../../../src/proxy.ts';
import { listen } from '../../../integration/proxy/listen.ts';
import { event, post, startProxy, verdict } from '../../../integration/proxy/setup.ts';
import type { Answer, Received, Upstream } from '../../../integration/proxy/upstream.ts';

/** Long enough for all requests that a test sends at the same time. */
const WAIT_MS = 60;

async function start(options: Partial<ProxyOptions> = {}): Promise<{
  send(batch: readonly unknown[], visitor?: string, sentAt?: string): Promise<Response>;
  upstream: Upstream;
  log: ProxyLogEntry[];
}> {
  const log: ProxyLogEntry[] = [];
  const { proxy, upstream } = await startProxy({
    clientIp: 'x-real-ip',
    onLog: (entry) => log.push(entry),
    ...options,
    upstream: { merge: { waitMs: WAIT_MS }, retries: 0, ...options.upstream },
  });
  return {
    upstream,
    log,
    send: (batch, visitor = '203.0.113.1', sentAt = new Date().toISOString()) =>
      proxy.fetch(post([], { headers: { 'X-Real-IP': visitor }, body: JSON.stringify({ batch, sentAt }) })),
  };
}

const idsOf = ({ body }: Received): unknown[] => body.batch.map(({ messageId }) => messageId);
const idsIn = (upstream: Upstream): unknown[] => upstream.received.flatMap(idsOf);
const verdicts = (answers: readonly Promise<Response>[]): Promise<string[]> =>
  Promise.all(answers.map(async (answer) => verdict(await answer)));
const visitor = (nth: number): string => `198.51.100.${nth}`;

/**
 * Makes the upstream refuse each batch with an event of this name. Returns the list of events that it has
 * accepted.
 */
function refuseThe(name: string, upstream: Upstream, answer: Answer = { status: 400 }): unknown[] {
  const taken: unknown[] = [];
  upstream.respond((request) => {
    if (request.body.batch.some((each) => each['event'] === name)) return answer;
    taken.push(...idsOf(request));
    return {};
  });
  return taken;
}

describe('batches of different browsers that arrive together', () => {
  test('are sent in one request, each in order, and each browser gets its response', async () => {
    const { send, upstream, log } = await start();
    const batches = Array.from({ length: 20 }, (_, i) => [
      event({ messageId: `m${i}-a` }),
      event({ messageId: `m${i}-b` }),
    ]);
    const answers = await verdicts(batches.map((batch, i) => send(batch, visitor(i))));
    expect(new Set(answers)).toEqual(new Set(['200']));
    expect(upstream.received).toHaveLength(1);
    const ids = idsIn(upstream);
    expect(new Set(ids)).toEqual(new Set(batches.flat().map(({ messageId }) => messageId)));
    // The bodies may have been read in any order, but the events of one browser stay together.
    batches.forEach((_each, i) => expect(ids.indexOf(`m${i}-b`)).toBe(ids.indexOf(`m${i}-a`) + 1));
    expect(ids).toHaveLength(40);
    expect(log.map(({ merged }) => merged)).toEqual(batches.map(() => 20));
    expect(log.reduce((sum, { upstreamRequests = 0 }) => sum + upstreamRequests, 0)).toBe(1);
  });

  test('have the time of the proxy as sentAt, and keep every byte of their events', async () => {
    const { send, upstream } = await start({ clientIp: undefined });
    const [one, two] = [event({ properties: { text: 'grüße 🦊' } }), event()];
    const before = Date.now();
    await verdicts([send([one]), send([two])]);
    const { text, body } = upstream.received[0] ?? {};
    expect(text).toContain(`{"batch":[${JSON.stringify(one)},${JSON.stringify(two)}],`);
    expect(Date.parse(body?.sentAt ?? '')).toBeGreaterThanOrEqual(before);
  });

  test('get their responses after Customer.io has responded', async () => {
    const { send, upstream } = await start();
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => (open = resolve));
    upstream.respond(() => opened.then(() => ({})));
    let answered = 0;
    const answers = [send([event()]), send([event()])].map((answer) => answer.finally(() => (answered += 1)));
    await expect.poll(() => upstream.received.length).toBe(1);
    expect(answered).toBe(0);
    open();
    expect(await verdicts(answers)).toEqual(['200', '200']);
  });

  test('never get 2xx if Customer.io responds with 503, or not at all', async () => {
    const { send, upstream } = await start({ timeoutMs: 300 });
    const send4 = (): Promise<string[]> => verdicts([1, 2, 3, 4].map((nth) => send([event()], visitor(nth))));
    upstream.respond({ status: 503 });
    expect(new Set(await send4())).toEqual(new Set(['503 upstream_unavailable']));
    upstream.respond('silence');
    expect(new Set(await send4())).toEqual(new Set(['503 upstream_unavailable']));
    expect(upstream.received).toHaveLength(2);
  });

  test('are sent in as many requests as their bytes need', async () => {
    const { send, upstream } = await start();
    const large = (): Record<string, unknown> => event({ properties: { text: 'x'.repeat(30_000) } });
    const answers = await verdicts(Array.from({ length: 20 }, (_, nth) => send([large()], visitor(nth))));
    expect(new Set(answers)).toEqual(new Set(['200']));
    // The requests take two connections, so that the smaller one may arrive first.
    expect(upstream.received.map(({ body }) => body.batch.length).sort((one, other) => other - one)).toEqual([
      15, 5,
    ]);
    for (const { text } of upstream.received) expect(text.length).toBeLessThan(500_000);
  });

  test('send an event once that two of them contain', async () => {
    const { send, upstream } = await start();
    const same = event();
    expect(await verdicts([send([same]), send([same, event()])])).toEqual(['200', '200']);
    expect(new Set(idsIn(upstream)).size).toBe(idsIn(upstream).length);
  });

  test('have passed the hooks of the proxy', async () => {
    const { send, upstream } = await start({
      filter: ({ event: name }) => name !== 'Secret',
      transform: (each) => ({ ...each, properties: { seen: true } }),
    });
    await verdicts([send([event(), event({ event: 'Secret' })]), send([event()])]);
    expect(upstream.received).toHaveLength(1);
    expect(upstream.received[0]?.body.batch.map(({ properties }) => properties)).toEqual([
      { seen: true },
      { seen: true },
    ]);
  });
});

describe('a batch', () => {
  test('that arrives alone is sent unchanged', async () => {
    const { send, upstream } = await start();
    const sentAt = new Date(Date.now() - 2_000).toISOString();
    expect(await verdict(await send([event()], visitor(1), sentAt))).toBe('200');
    expect(upstream.received[0]?.body.sentAt).toBe(sentAt);
  });

  test('of a browser whose clock is wrong is sent alone, with its sentAt', async () => {
    const { send, upstream } = await start();
    const wrong = '2020-01-01T00:00:00.000Z';
    await verdicts([send([event()]), send([event()], visitor(2), wrong), send([event()], visitor(3))]);
    expect(new Set(upstream.received.map(({ body }) => body.batch.length))).toEqual(new Set([1, 2]));
    expect(upstream.received.map(({ body }) => body.sentAt)).toContain(wrong);
  });

  test('is sent alone with `merge: false`', async () => {
    const { send, upstream } = await start({ upstream: { merge: false } });
    await verdicts([1, 2, 3].map((nth) => send([event()], visitor(nth))));
    expect(upstream.received).toHaveLength(3);
  });

  test('is sent together with others with `merge: true`', async () => {
    const { send, upstream } = await start({ upstream: { merge: true } });
    // On a busy machine a few of them come after the 5 ms of the first.
    await verdicts(Array.from({ length: 20 }, (_, nth) => send([event()], visitor(nth))));
    expect(upstream.received.length).toBeLessThan(20);
  });

  test('of many bytes is sent alone', async () => {
    const { send, upstream } = await start();
    const large = Array.from({ length: 20 }, () => event({ properties: { text: 'x'.repeat(2_000) } }));
    await verdicts([send([event()]), send(large, visitor(2)), send([event()], visitor(3))]);
    expect(new Set(upstream.received.map(({ body }) => body.batch.length))).toEqual(new Set([20, 2]));
  });

  test('is not delayed for `deliver`', async () => {
    const batches: number[] = [];
    const { send } = await start({ deliver: ({ batch }) => void batches.push(batch.length) });
    await verdicts([send([event()]), send([event()])]);
    expect(batches).toEqual([1, 1]);
  });
});

describe('an event that Customer.io refuses', () => {
  test.each([
    ['rejected', { status: 400 }, '400 rejected'],
    ['too large', { status: 413 }, '413 batch_too_large'],
    ['never digested', { status: 500 }, '503 upstream_unavailable'],
  ] as const)('is reported only to its own browser: %s', async (_, answer, told) => {
    const { send, upstream } = await start();
    const taken = refuseThe('Poison', upstream, answer);
    const batches = Array.from({ length: 16 }, (_, i) => [event(i === 5 ? { event: 'Poison' } : {})]);
    const answers = await verdicts(batches.map((batch, i) => send(batch, visitor(i))));
    expect(answers.map((_each, i) => (i === 5 ? told : '200'))).toEqual(answers);
    const good = batches.flat().filter((each) => each['event'] !== 'Poison');
    expect(taken).toHaveLength(good.length);
    expect(new Set(taken)).toEqual(new Set(good.map(({ messageId }) => messageId)));
    // One request for the merged batch, and two for each of the four halvings of sixteen.
    expect(upstream.received.length).toBeLessThanOrEqual(1 + 2 * 4);
  });

  test('is found in its batch, and the rest of that batch arrives', async () => {
    const { send, upstream } = await start();
    const taken = refuseThe('Poison', upstream);
    const bad = event({ event: 'Poison' });
    const [good, mixed] = await Promise.all([
      send([event(), event()]),
      send([event(), bad, event()], visitor(2)),
    ]);
    expect(await good.json()).toEqual({ success: true });
    expect(await mixed.json()).toEqual({
      success: true,
      rejected: [{ messageId: bad['messageId'], error: 'rejected' }],
    });
    expect(taken).toHaveLength(4);
  });

  test('makes the batches of its sender separate for a while, so that others are delayed once', async () => {
    const { send, upstream } = await start();
    refuseThe('Poison', upstream);
    const attack = (): Promise<Response> => send([event({ event: 'Poison' })], visitor(66));
    await verdicts([attack(), send([event()]), send([event()], visitor(2))]);
    const before = upstream.received.length;
    const answers = await verdicts([attack(), send([event()]), send([event()], visitor(2)), attack()]);
    expect(answers).toEqual(['400 rejected', '200', '200', '400 rejected']);
    expect(upstream.received.length - before).toBe(3);
  });

  test('that is sent repeatedly from many IP addresses stops merging for a while', async () => {
    const { send, upstream } = await start({ upstream: { merge: { waitMs: 20 } } });
    refuseThe('Poison', upstream);
    for (let nth = 0; nth < 21; nth += 1)
      await verdicts([send([event({ event: 'Poison' })], visitor(nth)), send([event()], '203.0.113.9')]);
    const before = upstream.received.length;
    expect(await verdicts([1, 2, 3].map((nth) => send([event()], `192.0.2.${nth}`)))).toEqual([
      '200',
      '200',
      '200',
    ]);
    expect(upstream.received.length - before).toBe(3);
  });

  test('is not searched for without enough time: Customer.io still counts as reachable', async () => {
    const { send, upstream } = await start({ timeoutMs: 400, upstream: { merge: { waitMs: 20 } } });
    upstream.respond(async ({ body }) => {
      await new Promise((resolve) => setTimeout(resolve, 110));
      return body.batch.some((each) => each['event'] === 'Poison') ? { status: 400 } : {};
    });
    const batches = Array.from({ length: 16 }, (_, i) => [event(i % 4 === 0 ? { event: 'Poison' } : {})]);
    const answers = await verdicts(batches.map((batch, i) => send(batch, visitor(i))));
    expect(answers.filter((each, i) => i % 4 !== 0 && each.startsWith('4'))).toEqual([]);
    expect(await verdict(await send([event()], visitor(99)))).toBe('200');
  });

  test('uses no more requests than its sender has left: the browser must divide the batch', async () => {
    const { send, upstream } = await start({ upstream: { merge: false } });
    refuseThe('Poison', upstream);
    const attack = (from: string): Promise<Response> =>
      send(
        Array.from({ length: 500 }, (_, i) => event(i % 2 === 0 ? { event: 'Poison' } : {})),
        from,
      );
    for (let nth = 0; nth < 5; nth += 1) await attack(visitor(66));
    // Sixty requests to find bad events, and one request for each batch.
    expect(upstream.received.length).toBeLessThanOrEqual(60 + 5);
    const before = upstream.received.length;
    await attack(visitor(67));
    expect(upstream.received.length - before).toBeGreaterThan(10);
  });
});

test('without client IP addresses, over real connections', async () => {
  const { proxy, upstream } = await startProxy({ upstream: { merge: { waitMs: WAIT_MS } } });
  const url = await listen(proxy.node);
  const answers = Array.from({ length: 8 }, () =>
    fetch(`${url}/v1/batch`, {
      method: 'POST',
      headers: Object.fromEntries(post().headers),
      body: JSON.stringify({ batch: [event()], sentAt: new Date().toISOString() }),
    }),
  );
  expect(new Set(await verdicts(answers))).toEqual(new Set(['200']));
  expect(idsIn(upstream)).toHaveLength(8);
  expect(upstream.received.length).toBeLessThan(8);
});
