// @vitest-environment node
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { close, listen } from '../../../demo/http.ts';
import { createPipelines, type PipelinesOptions } from '../../../demo/pipelines/pipelines.ts';

const AUTHORIZED = { Authorization: `Basic ${btoa('secret:')}` };
const STRICT = { 'X-Strict-Mode': '1' };
const TRACK = { type: 'track', event: 'Order Placed', userId: 'u1', messageId: 'm1' };

let origin: string;
let stop: () => Promise<void>;

async function start(options: Partial<PipelinesOptions> = {}): Promise<void> {
  const server = createServer(createPipelines({ writeKey: 'secret', ...options }).listener);
  origin = await listen(server, 0);
  stop = () => close(server);
}

beforeEach(() => start());
afterEach(() => stop());

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(origin + path, { method: 'POST', body: text, headers: { ...AUTHORIZED, ...headers } });
}

async function json(path: string): Promise<Record<string, unknown>> {
  return (await (await fetch(origin + path)).json()) as Record<string, unknown>;
}

async function names(): Promise<unknown[]> {
  const { events } = (await json('/_control/events')) as { events: Record<string, unknown>[] };
  return events.map((event) => event['event'] ?? event['type']);
}

describe('the calls', () => {
  test.each([
    ['identify', { userId: 'u1', traits: { plan: 'pro' } }],
    ['track', { anonymousId: 'a1', event: 'Signed Up' }],
    ['page', { anonymousId: 'a1', name: 'Home' }],
    ['screen', { userId: 'u1', name: 'Home' }],
    ['group', { userId: 'u1', groupId: 'g1' }],
    ['alias', { userId: 'u2', previousId: 'u1' }],
  ])('accepts /v1/%s and responds with {}', async (type, call) => {
    const response = await post(`/v1/${type}`, call, STRICT);
    expect([response.status, await response.json()]).toEqual([200, {}]);
    const { events } = (await json('/_control/events')) as { events: Record<string, unknown>[] };
    expect(events).toEqual([expect.objectContaining({ ...call, type })]);
  });

  test('adds the fields that Customer.io adds: the time of receipt, and an id and a time if they are missing', async () => {
    await stop();
    await start({ now: () => Date.parse('2026-01-02T03:04:05Z') });
    await post('/v1/track', { userId: 'u1', event: 'x' });
    const { events } = await json('/_control/events');
    expect(events).toEqual([
      expect.objectContaining({
        receivedAt: '2026-01-02T03:04:05.000Z',
        timestamp: '2026-01-02T03:04:05.000Z',
        messageId: expect.stringMatching(/./),
      }),
    ]);
  });

  test('accepts a batch unchanged, and the same message twice', async () => {
    const timestamp = '2026-01-01T00:00:00.000Z';
    const batch = [
      { ...TRACK, timestamp },
      { type: 'page', anonymousId: 'a1', messageId: 'm2', timestamp },
    ];
    await post('/v1/batch', { batch, sentAt: timestamp }, STRICT);
    await post('/v1/batch', { batch: batch.slice(0, 1) }, STRICT);
    const { events } = (await json('/_control/events')) as {
      events: { messageId: string; timestamp: string }[];
    };
    expect(events.map((event) => [event.messageId, event.timestamp])).toEqual(
      ['m1', 'm2', 'm1'].map((id) => [id, timestamp]),
    );
  });

  test('reads gzip', async () => {
    const body = gzipSync(JSON.stringify({ batch: [TRACK] }));
    const headers = { ...AUTHORIZED, ...STRICT, 'Content-Encoding': 'gzip' };
    const response = await fetch(`${origin}/v1/batch`, { method: 'POST', body, headers });
    expect([response.status, await names()]).toEqual([200, ['Order Placed']]);
  });

  test('has no other path and no other method', async () => {
    expect((await post('/v1/t', TRACK)).status).toBe(404);
    expect((await fetch(`${origin}/v1/batch`)).status).toBe(405);
  });
});

describe('invalid calls', () => {
  const wrong: readonly (readonly [string, string, unknown, string])[] = [
    ['no JSON', '/v1/track', '{', 'the body must be a JSON object'],
    ['no event name', '/v1/track', { userId: 'u1' }, 'event is required'],
    ['nobody', '/v1/track', { event: 'x' }, 'userId or anonymousId is required'],
    ['no group', '/v1/group', { userId: 'u1' }, 'groupId is required'],
    ['no previous id', '/v1/alias', { userId: 'u1' }, 'previousId is required'],
    ['a time that is none', '/v1/page', { userId: 'u1', timestamp: 'soon' }, 'timestamp must be ISO 8601'],
    ['traits that are a list', '/v1/identify', { userId: 'u1', traits: [] }, 'traits must be an object'],
    ['a number for a name', '/v1/page', { userId: 'u1', name: 7 }, 'name must be a string'],
    ['no batch', '/v1/batch', {}, 'batch must be an array'],
    [
      'over 32 KB',
      '/v1/track',
      { ...TRACK, properties: { a: 'ä'.repeat(16_000) } },
      'a call must not exceed 32 KB',
    ],
    [
      'over 500 KB',
      '/v1/batch',
      { batch: Array.from({ length: 20 }, () => ({ ...TRACK, properties: { a: 'a'.repeat(26_000) } })) },
      'a batch must not exceed 500 KB',
    ],
  ];

  test.each(wrong)('strict mode responds with 400 to %s', async (_, path, body, error) => {
    const response = await post(path, body, STRICT);
    expect([response.status, await response.json()]).toEqual([400, { meta: { errors: [error] } }]);
    expect(await names()).toEqual([]);
  });

  test.each(wrong)('without strict mode %s gets 200, and is dropped', async (_, path, body) => {
    const response = await post(path, body);
    expect([response.status, await response.json(), await names()]).toEqual([200, {}, []]);
  });

  test('strict mode refuses the whole batch and names the bad call; otherwise only that call is dropped', async () => {
    const batch = [TRACK, { type: 'closeAndFlush', userId: 'u1' }];
    const response = await post('/v1/batch', { batch }, STRICT);
    expect([response.status, await response.json()]).toEqual([
      400,
      { meta: { errors: ['batch[1]: type must be one of identify, track, page, screen, group, alias'] } },
    ]);
    expect(await names()).toEqual([]);
    expect((await post('/v1/batch', { batch })).status).toBe(200);
    expect(await names()).toEqual(['Order Placed']);
  });

  test.each([
    ['a wrong write key', { Authorization: `Basic ${btoa('guess:')}` }],
    ['a password', { Authorization: `Basic ${btoa('secret:word')}` }],
    ['no write key', { Authorization: '' }],
  ])('%s gets 401 in strict mode; otherwise it gets 200 and is dropped', async (_, headers) => {
    expect((await post('/v1/track', TRACK, { ...headers, ...STRICT })).status).toBe(401);
    expect((await post('/v1/track', TRACK, headers)).status).toBe(200);
    expect(await names()).toEqual([]);
  });
});

test('responds with 429 above the configured rate, until the time is over', async () => {
  await stop();
  let now = 0;
  await start({ now: () => now, rateLimit: { requests: 2, windowMs: 3_000 } });
  const statuses = [];
  for (const at of [0, 1, 2, 3_000]) {
    now = at;
    statuses.push((await post('/v1/track', TRACK)).status);
  }
  expect(statuses).toEqual([200, 200, 429, 200]);
  expect(await names()).toHaveLength(3);
});

describe('faults', () => {
  const setFaults = (faults: unknown) => post('/_control/faults', faults);

  test.each([429, 500, 503, 400])('responds with %i on demand, and stores nothing', async (status) => {
    await setFaults({ status, retryAfter: '2' });
    const response = await post('/v1/batch', { batch: [TRACK] }, STRICT);
    expect([response.status, response.headers.get('Retry-After'), await names()]).toEqual([status, '2', []]);
    await setFaults({ status: 200 });
    const healed = await post('/v1/batch', { batch: [TRACK] }, STRICT);
    expect([healed.status, healed.headers.get('Retry-After'), await names()]).toEqual([
      200,
      null,
      ['Order Placed'],
    ]);
  });

  test('responds with 500 to a request that contains the poison, and accepts others', async () => {
    await setFaults({ poison: 'Bad' });
    const bad = { ...TRACK, event: 'Bad' };
    expect((await post('/v1/batch', { batch: [TRACK, bad] }, STRICT)).status).toBe(500);
    expect((await post('/v1/batch', { batch: [TRACK] }, STRICT)).status).toBe(200);
    expect(await names()).toEqual(['Order Placed']);
  });

  test('treats an event as invalid on demand: strict mode refuses its batch, otherwise it is dropped', async () => {
    await setFaults({ reject: 'Bad' });
    const bad = { ...TRACK, event: 'Bad' };
    const refused = await post('/v1/batch', { batch: [TRACK, bad] }, STRICT);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toEqual({ meta: { errors: ['batch[1]: told to reject this event'] } });
    expect(await names()).toEqual([]);
    expect((await post('/v1/batch', { batch: [TRACK, bad] })).status).toBe(200);
    expect(await names()).toEqual(['Order Placed']);
  });

  test('delays responses as configured', async () => {
    await setFaults({ latencyMs: 60 });
    const before = performance.now();
    await post('/v1/track', TRACK);
    expect(performance.now() - before).toBeGreaterThan(55);
  });

  test('changes only the named settings, and refuses unknown ones', async () => {
    await setFaults({ status: 500 });
    await setFaults({ poison: 'Bad' });
    const state = { status: 500, latencyMs: 0, retryAfter: null, poison: 'Bad', reject: null };
    expect(await json('/_control/faults')).toEqual(state);
    const refused = await setFaults({ status: 'down' });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toEqual({
      error: 'invalid_faults',
      message: '"status" must be an integer from 200 to 599, got "down"',
    });
    expect(await json('/_control/faults')).toEqual(state);
  });
});

describe('its record', () => {
  test('lists every request, without its credentials', async () => {
    await post('/v1/track', TRACK, { ...STRICT, 'Content-Type': 'application/json' });
    await post('/v1/nothing', 'abc', { Authorization: '' });
    const { count, bytes, requests } = await json('/_control/requests');
    const length = JSON.stringify(TRACK).length;
    expect([count, bytes]).toEqual([2, length + 3]);
    expect(requests).toEqual([
      expect.objectContaining({
        method: 'POST',
        path: '/v1/track',
        bytes: length,
        status: 200,
        strict: true,
        authorization: true,
        contentEncoding: null,
        headers: expect.objectContaining({ 'content-type': 'application/json' }),
      }),
      expect.objectContaining({ path: '/v1/nothing', status: 404, strict: false }),
    ]);
    expect(JSON.stringify(requests)).not.toContain(btoa('secret:'));
  });

  test('deletes the list on demand', async () => {
    await post('/v1/track', TRACK);
    await fetch(`${origin}/_control/events`, { method: 'DELETE' });
    expect(await names()).toEqual([]);
    expect(await json('/_control/requests')).toMatchObject({ count: 1 });
    await fetch(`${origin}/_control/requests`, { method: 'DELETE' });
    expect(await json('/_control/requests')).toEqual({ count: 0, bytes: 0, requests: [] });
  });

  test('has no other control', async () => {
    expect((await fetch(`${origin}/_control/else`)).status).toBe(404);
  });
});
