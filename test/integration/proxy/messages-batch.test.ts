// @vitest-environment node
/** Metrics in a batch: the proxy sends the event that Customer.io counts in the place of each, and nothing else that the page has written. */
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createProxy, type ProxyLogEntry, type WireEvent } from '../../../src/proxy.ts';
import { createHandles, type HandleContent } from '../../../src/proxy/messages/handle.ts';
import { claims, SECRET, signed } from './key-server.ts';
import { bearer, CLIENT_KEY, event, fullVerdict, post, startProxy, verdict, WRITE_KEY } from './setup.ts';
import { bodyOf, FETCH, GUEST_SECRET, SITE_ID, startMessages } from './messages-setup.ts';

const TIME = '2026-01-02T03:04:05.006Z';
const SUCCESS = { success: true };
const INVALID = 'The handle is not one of this proxy, or it has expired.';
const { sign } = createHandles(() => WRITE_KEY);
const DELIVERY: HandleContent = {
  recipient: { kind: 'person', id: 'u1' },
  reported: { deliveryId: 'd1' },
};
let handle = '';
beforeAll(async () => {
  handle = await sign(DELIVERY);
});

let count = 0;

/** A metric as the SDK puts it into a batch. */
function metricWith(fields: Record<string, unknown> = {}): Record<string, unknown> {
  count += 1;
  return {
    type: 'metric',
    messageId: `metric-${count}`,
    timestamp: TIME,
    handle,
    metric: 'opened',
    ...fields,
  };
}

/** The event that Customer.io gets for {@link metricWith}. */
const eventFor = ({ messageId }: Record<string, unknown>, properties: object = {}): object => ({
  type: 'track',
  event: 'Report Delivery Event',
  messageId,
  timestamp: TIME,
  userId: 'u1',
  properties: { deliveryId: 'd1', metric: 'opened', ...properties },
  context: {},
});

async function told(response: Response): Promise<unknown> {
  return [response.status, await response.json()];
}

describe('a metric in a batch', () => {
  test('becomes the event of the person of the handle, among the other events', async () => {
    const { proxy, upstream } = await startProxy();
    const [first, last] = [event(), event()];
    const opened = metricWith({ anonymousId: 'a1' });
    const clicked = metricWith({ metric: 'clicked', action: { name: 'buy', value: 'https://a.example' } });
    expect(await told(await proxy.fetch(post([first, opened, clicked, last])))).toEqual([200, SUCCESS]);
    const action = { metric: 'clicked', actionName: 'buy', actionValue: 'https://a.example' };
    expect(upstream.received.map(({ path }) => path)).toEqual(['/v1/batch']);
    expect(upstream.received[0]?.body).toEqual({
      batch: [first, eventFor(opened), eventFor(clicked, action), last],
      sentAt: '2026-01-02T03:04:06.000Z',
    });
    expect(upstream.received[0]?.text).not.toContain(handle);
  });

  test('may be alone, and the only kind', async () => {
    const { proxy, upstream } = await startProxy();
    const metrics = [metricWith(), metricWith(), metricWith()];
    expect(await told(await proxy.fetch(post(metrics.slice(0, 1))))).toEqual([200, SUCCESS]);
    expect(await told(await proxy.fetch(post(metrics.slice(1))))).toEqual([200, SUCCESS]);
    expect(upstream.received.flatMap(({ body }) => body.batch)).toEqual(
      metrics.map((metric) => eventFor(metric)),
    );
  });

  test('about content, and of an anonymous visitor, has the handle of /v1/messages/fetch', async () => {
    const inApp = { siteId: SITE_ID, anonymous: { secret: GUEST_SECRET } };
    const { ask, askAnonymously, proxy, pipelines, inApp: service } = await startMessages({ inApp });
    const { messages } = await bodyOf(await askAnonymously(FETCH, { anonymousId: 'a1' }));
    const metric = metricWith({ handle: messages[0]?.handle, anonymousId: 'a1' });
    expect(await told(await proxy.fetch(post([metric])))).toEqual([200, SUCCESS]);
    const anonymousId = atob(String(service.received[0]?.headers['x-gist-encoded-user-token']));
    const { messageId } = metric;
    const properties = {
      actionType: 'viewed_content',
      contentId: 7,
      templateId: 3,
      contentType: 'in_app_content',
    };
    expect(pipelines.received[0]?.body.batch).toEqual([
      {
        type: 'track',
        event: 'Report Content Event',
        messageId,
        timestamp: TIME,
        anonymousId,
        properties,
        context: {},
      },
    ]);
    // The visitor may have signed in since.
    const later = metricWith({ handle: messages[0]?.handle });
    expect(await told(await ask('/v1/batch', { batch: [later] }))).toEqual([200, SUCCESS]);
  });

  test('brings nothing upstream but its handle, metric, action, id and time', async () => {
    const { proxy, upstream } = await startProxy();
    const metric = metricWith({
      event: 'User Deleted',
      Event: 'User Deleted',
      properties: { deliveryId: 'd2', recipient: 'x' },
      traits: { plan: 'pro' },
      context: { ip: '6.6.6.6', active: false },
      integrations: { All: false },
      action: { name: 'buy', deliveryId: 'd2', metric: 'converted' },
      anonymousId: 'a1',
      name: 'x',
      groupId: 'g1',
      __proto: 1,
    });
    expect(await told(await proxy.fetch(post([metric])))).toEqual([200, SUCCESS]);
    expect(upstream.received[0]?.body.batch).toEqual([eventFor(metric, { actionName: 'buy' })]);
  });

  test('is read in whatever form of JSON it comes', async () => {
    const { proxy, upstream } = await startProxy();
    const plain = JSON.stringify(metricWith({ messageId: 'm1' }));
    const forms = [
      plain.replace('"type"', ' "type" ').replace('}', ' }'),
      plain.replace('"metric"', '"\\u006detric"'),
      plain.replace('{', '{"type":"track","event":"User Deleted",'),
      plain.replace('"messageId"', '"messageId":"m0","messageId"'),
    ];
    for (const form of forms)
      expect(await told(await proxy.fetch(post([], { body: `{"batch":[${form}]}` })))).toEqual([
        200,
        SUCCESS,
      ]);
    for (const { body } of upstream.received) expect(body.batch).toEqual([eventFor({ messageId: 'm1' })]);
    expect(upstream.received).toHaveLength(forms.length);
    const hidden = plain.replace('}', ',"type":"track","event":"User Deleted"}');
    const refused = await proxy.fetch(post([], { body: `{"batch":[${hidden}]}` }));
    expect(await verdict(refused)).toBe('400 privileged_event');
  });

  test('without an id or a time of its own gets both', async () => {
    const { proxy, upstream } = await startProxy();
    const metric = { type: 'metric', handle, metric: 'opened' };
    expect(await told(await proxy.fetch(post([metric, metric])))).toEqual([200, SUCCESS]);
    const [one, other] = upstream.received[0]?.body.batch ?? [];
    expect(one?.['messageId']).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
    expect(other?.['messageId']).not.toBe(one?.['messageId']);
    expect(Math.abs(Date.parse(String(one?.['timestamp'])) - Date.now())).toBeLessThan(60_000);
  });

  test('may have a secret of its own for its handles', async () => {
    const handleSecret = 'a secret of message handles, 32 bytes';
    const { proxy, pipelines } = await startMessages({ inApp: { siteId: SITE_ID, handleSecret } });
    const own = await createHandles(() => handleSecret).sign(DELIVERY);
    const response = await proxy.fetch(post([metricWith({ handle: own }), metricWith({ messageId: 'm1' })]));
    expect(await response.json()).toEqual({
      ...SUCCESS,
      rejected: [{ messageId: 'm1', error: 'rejected', reason: INVALID }],
    });
    expect(pipelines.received[0]?.body.batch).toHaveLength(1);
  });
});

describe('a metric that is refused', () => {
  test.each<[string, () => Record<string, unknown> | Promise<Record<string, unknown>>, string]>([
    ['is forged', () => ({ handle: 'a.b' }), INVALID],
    ['is changed', () => ({ handle: `${handle.slice(0, -2)}AA` }), INVALID],
    [
      'names another person',
      () => ({
        handle: `${btoa(JSON.stringify(['person', 'u2', 9_999_999_999, 'd1']))}.${handle.split('.')[1] ?? ''}`,
      }),
      INVALID,
    ],
    [
      'is of another proxy',
      async () => ({ handle: await createHandles(() => 'another secret').sign(DELIVERY) }),
      INVALID,
    ],
    ['has no handle', () => ({ handle: undefined }), '"handle" must be a text.'],
    ['has a handle that is none', () => ({ handle: ['x'] }), '"handle" must be a text.'],
    ['is of an unknown kind', () => ({ metric: 'converted' }), '"metric" must be "opened" or "clicked".'],
    ['has a strange action', () => ({ action: 'buy' }), '"action" must be an object.'],
    ['has a strange time', () => ({ timestamp: 1 }), '"timestamp" must be a time in ISO 8601.'],
  ])('because it %s, is listed, and the other events go on', async (_, make, reason) => {
    const { proxy, upstream } = await startProxy();
    const [first, good, last] = [event(), metricWith(), event()];
    const bad = metricWith(await make());
    const response = await proxy.fetch(post([first, bad, good, last]));
    const rejected = [{ messageId: bad['messageId'], error: 'rejected', reason }];
    expect(await told(response)).toEqual([200, { ...SUCCESS, rejected }]);
    expect(upstream.received[0]?.body.batch).toEqual([first, eventFor(good), last]);
    const alone = await proxy.fetch(post([bad]));
    expect(await told(alone)).toEqual([200, { ...SUCCESS, rejected }]);
    expect(upstream.received).toHaveLength(1);
  });

  test('has an id that is none, or too long, and is listed too', async () => {
    const { proxy, upstream } = await startProxy();
    const long = 'x'.repeat(101);
    const response = await proxy.fetch(
      post([metricWith({ messageId: 7 }), metricWith({ messageId: '' }), metricWith({ messageId: long })]),
    );
    const why = { error: 'rejected', reason: '"messageId" must be a text of at most 100 characters.' };
    expect(await told(response)).toEqual([
      200,
      {
        ...SUCCESS,
        rejected: [
          { messageId: null, ...why },
          { messageId: null, ...why },
          { messageId: long, ...why },
        ],
      },
    ]);
    expect(upstream.received).toEqual([]);
  });

  test('has expired', async () => {
    const { proxy, upstream } = await startProxy();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 32 * 86_400_000 });
    onTestFinished(() => void vi.useRealTimers());
    const old = await sign(DELIVERY);
    vi.useRealTimers();
    const response = await proxy.fetch(post([metricWith({ handle: old, messageId: 'm1' }), event()]));
    expect(await response.json()).toMatchObject({ rejected: [{ messageId: 'm1', reason: INVALID }] });
    expect(upstream.received[0]?.body.batch).toHaveLength(1);
  });

  test('is counted in the log, and not among the events', async () => {
    const log: ProxyLogEntry[] = [];
    const { proxy } = await startProxy({ onLog: (entry) => log.push(entry) });
    await proxy.fetch(
      post([metricWith(), metricWith({ handle: 'x' }), metricWith({ handle: 'y' }), event()]),
    );
    expect(log).toMatchObject([{ status: 200, events: 2, rejected: { rejected: 2 } }]);
    expect(JSON.stringify(log)).not.toContain(handle);
  });

  test('by Customer.io is listed like every event', async () => {
    const { proxy, upstream } = await startProxy();
    upstream.respond({ status: 400, body: '{"meta":{"errors":["no such delivery"]}}' });
    const metric = metricWith();
    const response = await proxy.fetch(post([metricWith({ handle: 'x', messageId: 'm1' }), metric]));
    expect(await response.json()).toEqual({
      ...SUCCESS,
      rejected: [
        { messageId: 'm1', error: 'rejected', reason: INVALID },
        { messageId: metric['messageId'], error: 'rejected', reason: 'no such delivery' },
      ],
    });
  });

  test.each(['Report Delivery Event', 'Report Content Event'])('is no excuse for %j itself', async (name) => {
    const { proxy, upstream } = await startProxy();
    const claimed = event({ event: name, handle, metric: 'opened', properties: { deliveryId: 'd1' } });
    expect(await verdict(await proxy.fetch(post([metricWith(), claimed])))).toBe('400 privileged_event');
    expect(upstream.received).toEqual([]);
  });
});

describe('the token of a batch with metrics', () => {
  test('must be of the person of the handle', async () => {
    const { ask, pipelines } = await startMessages();
    const [metric, other] = [metricWith(), event({ userId: 'u2' })];
    const response = await ask('/v1/batch', { batch: [metric, other] }, 'u2');
    const rejected = [{ messageId: metric['messageId'], error: 'subject_mismatch' }];
    expect(await told(response)).toEqual([200, { ...SUCCESS, rejected }]);
    expect(pipelines.received[0]?.body.batch).toEqual([other]);
    expect(await told(await ask('/v1/batch', { batch: [metric] }, 'u1'))).toEqual([200, SUCCESS]);
    expect(pipelines.received[1]?.body.batch).toEqual([eventFor(metric)]);
  });

  test('is needed where the metric names a person and tokens are required', async () => {
    const customerToken = { secret: SECRET, mode: 'required' } as const;
    const { ask, proxy, pipelines } = await startMessages({ customerToken });
    const named = metricWith({ userId: 'u1' });
    const unnamed = metricWith();
    const response = await proxy.fetch(post([named, unnamed]));
    const rejected = [{ messageId: named['messageId'], error: 'token_required' }];
    expect(await told(response)).toEqual([200, { ...SUCCESS, rejected }]);
    const foreign = metricWith({ userId: 'u2' });
    expect(await told(await ask('/v1/batch', { batch: [named, foreign] }))).toEqual([
      200,
      { ...SUCCESS, rejected: [{ messageId: foreign['messageId'], error: 'subject_mismatch' }] },
    ]);
    expect(pipelines.received.flatMap(({ body }) => body.batch)).toEqual([
      eventFor(unnamed),
      eventFor(named),
    ]);
    const expired = bearer(await signed(claims({ exp: 1 })));
    expect(await fullVerdict(await proxy.fetch(post([unnamed], { headers: expired })))).toBe(
      '401 invalid_token expired',
    );
  });

  test('counts as none where it is not valid, and is only reported', async () => {
    const { proxy, pipelines, log } = await startMessages();
    const headers = bearer(await signed(claims({ sub: 'u2', exp: 1 })));
    expect(await told(await proxy.fetch(post([metricWith()], { headers })))).toEqual([200, SUCCESS]);
    expect(pipelines.received).toHaveLength(1);
    expect(log[0]).toMatchObject({ tokenReport: { 'invalid_token:expired': 1 } });
  });
});

describe('a metric is delivered like every event', () => {
  test('once, when it is twice in a batch or the batch comes again', async () => {
    const log: ProxyLogEntry[] = [];
    const { proxy, upstream } = await startProxy({ onLog: (entry) => log.push(entry) });
    const [metric, other] = [metricWith(), metricWith()];
    expect(await told(await proxy.fetch(post([metric, metric, other])))).toEqual([200, SUCCESS]);
    expect(await told(await proxy.fetch(post([other, event({ messageId: 'e1' }), metric])))).toEqual([
      200,
      SUCCESS,
    ]);
    expect(upstream.received.map(({ body }) => body.batch)).toEqual([
      [eventFor(metric), eventFor(other)],
      [expect.objectContaining({ messageId: 'e1' })],
    ]);
    expect(log.map(({ duplicates }) => duplicates)).toEqual([1, 2]);
  });

  test('again, when Customer.io has not accepted it', async () => {
    const { proxy, upstream } = await startProxy({ upstream: { retries: 0 } });
    const batch = [event(), metricWith()];
    upstream.respond({ status: 500 });
    expect(await verdict(await proxy.fetch(post(batch)))).toBe('503 upstream_unavailable');
    upstream.respond({ body: '{}' });
    expect(await told(await proxy.fetch(post(batch)))).toEqual([200, SUCCESS]);
    expect(await told(await proxy.fetch(post(batch)))).toEqual([200, SUCCESS]);
    const sent = upstream.received.map(({ body }) => body.batch);
    expect(sent.at(-1)).toEqual([batch[0], eventFor(batch[1] ?? {})]);
    expect(new Set(sent.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(sent.length).toBeLessThan(4);
  });

  test('through the hooks, which see the event that is sent', async () => {
    const seen: WireEvent[] = [];
    const { proxy, upstream } = await startProxy({
      clientIp: 'x-real-ip',
      enrich: () => ({ country: 'CH' }),
      filter: (each) => seen.push(each) > 0 && each.properties?.['metric'] !== 'clicked',
      transform: (each) => ({ ...each, integrations: { All: true } }),
    });
    const metrics = [metricWith(), metricWith({ metric: 'clicked' })];
    const headers = { 'X-Real-IP': '203.0.113.7' };
    expect(await told(await proxy.fetch(post(metrics, { headers })))).toEqual([200, SUCCESS]);
    const context = { country: 'CH', ip: '203.0.113.7' };
    expect(seen).toEqual([
      { ...eventFor(metrics[0] ?? {}), context },
      { ...eventFor(metrics[1] ?? {}, { metric: 'clicked' }), context },
    ]);
    expect(upstream.received[0]?.body.batch).toEqual([
      { ...eventFor(metrics[0] ?? {}), context, integrations: { All: true } },
    ]);
  });

  test('with the clock of the server', async () => {
    const { proxy, upstream } = await startProxy({ correctClock: true });
    await proxy.fetch(post([metricWith()]));
    const { timestamp } = upstream.received[0]?.body.batch[0] ?? {};
    // The batch was sent one second after the metric, by a clock that is wrong by years.
    expect(Math.abs(Date.parse(String(timestamp)) - Date.now())).toBeLessThan(60_000);
  });

  test('into the queue of the site, by "deliver"', async () => {
    const delivered: unknown[] = [];
    const { proxy, upstream } = await startProxy({
      deliver: ({ batch }) => {
        if (delivered.push(...batch) < 3) throw new Error('The queue is away.');
      },
    });
    const batch = [event(), metricWith()];
    expect(await verdict(await proxy.fetch(post(batch)))).toBe('503 upstream_unavailable');
    expect(await told(await proxy.fetch(post(batch)))).toEqual([200, SUCCESS]);
    const both = [batch[0], eventFor(batch[1] ?? {})];
    expect(delivered).toEqual([...both, ...both]);
    expect(upstream.received).toEqual([]);
  });

  test('merged with the batches of others', async () => {
    const { proxy, upstream } = await startProxy({ upstream: { merge: { waitMs: 200 } } });
    const [one, metric, forged] = [event(), metricWith(), metricWith({ handle: 'x' })];
    const answers = await Promise.all(
      [[one], [metric, forged]].map(async (batch) => {
        // Without `sentAt`: a batch of a wrong clock is not merged.
        const response = await proxy.fetch(post([], { body: JSON.stringify({ batch }) }));
        return response.json() as Promise<unknown>;
      }),
    );
    expect(answers).toMatchObject([SUCCESS, { rejected: [{ messageId: forged['messageId'] }] }]);
    expect(upstream.received.map(({ body }) => body.batch)).toEqual([
      expect.arrayContaining([one, eventFor(metric)]),
    ]);
    expect(upstream.received[0]?.text).not.toContain('handle');
  });
});

describe('the secret of handles', () => {
  test.each<[string, () => string | Promise<string>]>([
    ['fails', () => Promise.reject(new Error('the vault is away'))],
    ['never comes', () => new Promise(() => {})],
  ])('that %s keeps a batch with metrics back, and no other', async (_, handleSecret) => {
    const inApp = { siteId: SITE_ID, handleSecret };
    const { proxy, pipelines, log } = await startMessages({ inApp, timeoutMs: 300 });
    const batch = [event(), metricWith()];
    const refused = await proxy.fetch(post(batch));
    expect(refused.headers.get('Retry-After')).toBe('60');
    expect(await verdict(refused)).toBe('503 upstream_misconfigured');
    expect(log[0]?.detail).toBe('The function "handleSecret" failed.');
    expect(pipelines.received).toEqual([]);
    expect(await told(await proxy.fetch(post(batch.slice(0, 1))))).toEqual([200, SUCCESS]);
  });

  test('is never shown to a page', async () => {
    const proxy = createProxy({ writeKey: WRITE_KEY, clientKeys: [CLIENT_KEY] });
    const response = await proxy.fetch(post([metricWith({ handle: `${handle}x` })]));
    expect(await response.text()).not.toContain(WRITE_KEY);
  });
});
