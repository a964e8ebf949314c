// @vitest-environment node
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  createProxy,
  type CioProxy,
  type FetchLike,
  type ProxyLogEntry,
  type ProxyOptions,
} from '../../../src/proxy.ts';
import { claims, keyPair, SECRET, signed, startKeyServer } from './key-server.ts';
import { listen } from './listen.ts';
import { bearer, CLIENT_KEY, fullVerdict, post, WRITE_KEY } from './setup.ts';
import { type Answer, startUpstream, type Upstream } from './upstream.ts';

const APP_KEY = 'app-api-key-of-the-workspace';
const SITE_ID = 'site-id-of-the-workspace';

const ATTRIBUTES = '/v1/customers/attributes';
const CATEGORIES = '/v1/consent/categories';
const FETCH = '/v1/inbox/fetch';
const READ = '/v1/inbox/mark-as-read';
const DELETE = '/v1/inbox/delete';
const ALL: readonly (readonly [string, object])[] = [
  [ATTRIBUTES, {}],
  [CATEGORIES, {}],
  [FETCH, {}],
  [READ, { id: 'q1' }],
  [DELETE, { id: 'q1' }],
];

interface Setting {
  readonly proxy: CioProxy;
  readonly pipelines: Upstream;
  readonly app: Upstream;
  readonly inApp: Upstream;
  readonly log: ProxyLogEntry[];
  /** Makes a call with a token of `subject`. */
  ask(
    path: string,
    body?: object | string,
    subject?: string,
    headers?: Record<string, string>,
  ): Promise<Response>;
}

/** Starts a proxy with the three services of Customer.io behind it. */
async function start(more: Partial<ProxyOptions> = {}): Promise<Setting> {
  const [pipelines, app, inApp] = await Promise.all([startUpstream(), startUpstream(), startUpstream()]);
  app.respond(({ path }) => ({ body: JSON.stringify(path.includes('/attributes') ? PERSON : PREFERENCES) }));
  inApp.respond({ body: JSON.stringify(QUEUE) });
  const log: ProxyLogEntry[] = [];
  const proxy = createProxy({
    writeKey: WRITE_KEY,
    clientKeys: [CLIENT_KEY],
    upstreamUrl: pipelines.url,
    customerToken: { secret: SECRET },
    appApi: { key: APP_KEY, url: app.url },
    inApp: { siteId: SITE_ID, url: inApp.url },
    onLog: (entry) => log.push(entry),
    ...more,
  });
  const ask: Setting['ask'] = async (path, body = {}, subject = 'u1', headers = {}) =>
    proxy.fetch(
      post([], {
        path,
        headers: bearer(await signed(claims({ sub: subject })), headers),
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    );
  return { proxy, pipelines, app, inApp, log, ask };
}

const PERSON = {
  customer: {
    id: 'u1',
    identifiers: { id: 'u1', email: 'ada@example.com', cio_id: '03000001' },
    attributes: { plan: 'pro', email: 'ada@example.com', created_at: '1489014595' },
    timestamps: { plan: 1_700_000_000 },
    unsubscribed: false,
    devices: [{ id: 'device-token', platform: 'ios' }],
  },
};

const PREFERENCES = {
  customer: {
    id: 'u1',
    identifiers: { id: 'u1', email: 'ada@example.com' },
    topics: [
      { id: 7, name: 'News', description: 'Once a week', subscribed: true, internal: 'x' },
      { id: '8', name: 'Offers', subscribed: false },
      { id: 'topic_9', name: 'Events', description: null, subscribed: true },
      { id: 10, name: 'Broken', subscribed: 'yes' },
      { name: 'Nameless', subscribed: true },
      null,
    ],
    header: { title: 'Choose' },
  },
};

const QUEUE = {
  inAppMessages: [{ queueId: 'modal', userToken: 'u1' }],
  inboxMessages: [
    {
      queueId: 'q1',
      userToken: 'secret-user-token',
      deliveryId: 'delivery-1',
      messageType: 'inbox',
      type: 'news',
      sentAt: '2026-01-02T03:04:05Z',
      expiry: '2099-01-01T00:00:00Z',
      opened: false,
      priority: 2,
      topics: ['offers', 7],
      properties: { title: 'Hello' },
    },
    { queueId: 'q2', sentAt: '2026-01-02T03:04:05Z', opened: true, priority: null },
    { queueId: 'q3', sentAt: '2020-01-02T03:04:05Z', opened: true, expiry: '2020-01-03T00:00:00Z' },
    { sentAt: '2026-01-02T03:04:05Z' },
    'nonsense',
  ],
};

describe('a person with a token', () => {
  test('can read their own attributes, and no other stored data', async () => {
    const { app, ask } = await start();
    const response = await ask(ATTRIBUTES);
    expect(response.status).toBe(200);
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    expect(await response.json()).toEqual({ attributes: PERSON.customer.attributes });
    const [{ method, path, headers } = {}] = app.received;
    expect([method, path]).toEqual(['GET', '/v1/customers/u1/attributes?id_type=id']);
    expect(headers?.authorization).toBe(`Bearer ${APP_KEY}`);
  });

  test('can read only the attributes that the operator permits', async () => {
    const { app } = await start();
    const { ask } = await start({ appApi: { key: APP_KEY, url: app.url, attributes: ['plan', 'missing'] } });
    expect(await (await ask(ATTRIBUTES)).json()).toEqual({ attributes: { plan: 'pro' } });
  });

  test('can read their subscriptions', async () => {
    const { app, ask } = await start();
    expect(await (await ask(CATEGORIES)).json()).toEqual({
      topics: [
        { id: '7', name: 'News', description: 'Once a week', subscribed: true },
        { id: '8', name: 'Offers', subscribed: false },
        { id: '9', name: 'Events', subscribed: true },
      ],
    });
    expect(app.received[0]?.path).toBe('/v1/customers/u1/subscription_preferences?id_type=id');
  });

  test('can change their subscriptions, and only those that the request names', async () => {
    const { app, pipelines, ask, log } = await start();
    const topics = [
      { id: '7', name: 'News', subscribed: false },
      { id: 'topic_8', subscribed: true },
      { id: 9, subscribed: true },
    ];
    const response = await ask(CATEGORIES, { topics });
    expect(await response.json()).toEqual({ success: true });
    expect(app.received).toHaveLength(0);
    expect(pipelines.received[0]?.path).toBe('/v1/batch');
    expect(pipelines.received[0]?.body.batch).toEqual([
      {
        type: 'identify',
        messageId: expect.stringMatching(/^[\da-f-]{36}$/),
        timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
        userId: 'u1',
        traits: {
          'cio_subscription_preferences.topics.topic_7': false,
          'cio_subscription_preferences.topics.topic_8': true,
          'cio_subscription_preferences.topics.topic_9': true,
        },
        context: {},
      },
    ]);
    expect(log[0]).toMatchObject({ status: 200, events: 1, upstreamStatus: 200 });
  });

  test('changes subscriptions by an event, with their IP address', async () => {
    const batches: unknown[] = [];
    const { pipelines, ask } = await start({
      deliver: ({ batch }) => batches.push(...batch),
      clientIp: 'x-real-ip',
    });
    await ask(CATEGORIES, { topics: [{ id: '7', subscribed: true }] }, 'u1', { 'X-Real-IP': '203.0.113.7' });
    expect(pipelines.received).toHaveLength(0);
    expect(batches).toMatchObject([{ type: 'identify', userId: 'u1', context: { ip: '203.0.113.7' } }]);
  });

  test('can read their inbox, without expired messages', async () => {
    const { inApp, ask } = await start();
    const response = await ask(FETCH, {}, 'u1', { 'Accept-Language': 'de-AT,de;q=0.9,en;q=0.8' });
    expect(await response.json()).toEqual({
      messages: [
        {
          id: 'q1',
          opened: false,
          sentAt: '2026-01-02T03:04:05Z',
          expiry: '2099-01-01T00:00:00Z',
          type: 'news',
          topics: ['offers'],
          properties: { title: 'Hello' },
          priority: 2,
        },
        { id: 'q2', opened: true, sentAt: '2026-01-02T03:04:05Z', properties: {} },
      ],
    });
    const [{ method, path, headers, text } = {}] = inApp.received;
    expect([method, path, text]).toEqual([
      'POST',
      expect.stringMatching(/^\/api\/v4\/users\?sessionId=[\da-f-]{36}$/),
      '{}',
    ]);
    expect(headers).toMatchObject({
      'x-cio-site-id': SITE_ID,
      'x-cio-client-platform': 'web',
      'x-gist-encoded-user-token': btoa('u1'),
      'x-gist-user-anonymous': 'false',
      'content-language': 'de-AT',
    });
  });

  test.each(['*', '', 'de\u00e9', 'x'.repeat(50), 'de ; DROP'])(
    'sends no language for an invalid one: %j',
    async (language) => {
      const { inApp, ask } = await start();
      await ask(FETCH, {}, 'u1', { 'Accept-Language': language });
      expect(inApp.received[0]?.headers['content-language'] ?? 'de').toBe('de');
    },
  );

  test('can mark a message as read, and delete one', async () => {
    const { inApp, ask } = await start();
    inApp.respond({ status: 204, body: '' });
    expect(await (await ask(READ, { id: 'q/1' })).json()).toEqual({ success: true });
    expect(await (await ask(DELETE, { id: 'q 2' })).json()).toEqual({ success: true });
    expect(inApp.received.map(({ method, path, text }) => [method, path, text])).toEqual([
      ['PATCH', '/api/v1/messages/q%2F1', '{"opened":true}'],
      ['POST', '/api/v1/logs/queue/q%202', '{}'],
    ]);
    for (const { headers } of inApp.received) expect(headers['x-gist-encoded-user-token']).toBe(btoa('u1'));
  });

  test('needs no body to read', async () => {
    const { proxy } = await start();
    const headers = bearer(await signed(claims()));
    const init = { method: 'POST', headers };
    const bare = new Request(`https://events.example.com${ATTRIBUTES}`, init);
    expect((await proxy.fetch(bare)).status).toBe(200);
    const empty = post([], { path: ATTRIBUTES, headers, body: '' });
    expect((await proxy.fetch(empty)).status).toBe(200);

    const server = createServer(proxy.node).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    expect((await fetch(`http://127.0.0.1:${port}${FETCH}`, init)).status).toBe(200);
  });
});

describe('the person of a private call', () => {
  const SOMEBODY_ELSE = {
    id: 'u2',
    customer_id: 'u2',
    customerId: 'u2',
    user_id: 'u2',
    sub: 'u2',
    email: 'u2',
  };

  test('is determined by the token, whatever the body says', async () => {
    const { app, inApp, ask } = await start();
    await ask(ATTRIBUTES, SOMEBODY_ELSE);
    await ask(FETCH, SOMEBODY_ELSE);
    await ask(READ, SOMEBODY_ELSE);
    expect(app.received[0]?.path).toBe('/v1/customers/u1/attributes?id_type=id');
    for (const { headers } of inApp.received) expect(headers['x-gist-encoded-user-token']).toBe(btoa('u1'));
  });

  test.each(ALL)('is not returned to a page that expects another person: %s', async (path, body) => {
    const { app, inApp, pipelines, ask } = await start();
    for (const userId of ['u2', '', 7, {}, ['u1']])
      expect(await fullVerdict(await ask(path, { ...body, userId }))).toBe('403 subject_mismatch');
    expect([app, inApp, pipelines].flatMap(({ received }) => received)).toEqual([]);
    expect((await ask(path, { ...body, userId: 'u1' })).status).toBe(200);
  });

  test('is not returned over node:http either', async () => {
    const { proxy, app } = await start();
    const url = await listen(proxy.node);
    const headers = { 'Content-Type': 'application/json', ...bearer(await signed(claims())) };
    const asked = (init: RequestInit): Promise<Response> =>
      fetch(url + ATTRIBUTES, { method: 'POST', headers, ...init });
    expect(await fullVerdict(await asked({ body: '{"userId":"u2"}' }))).toBe('403 subject_mismatch');
    expect(app.received).toHaveLength(0);
    expect((await asked({ body: '{"userId":"u1"}' })).status).toBe(200);
    expect((await asked({})).status).toBe(200);
  });

  test.each([
    ['a/b', 'a%2Fb'],
    ['../admin', '..%2Fadmin'],
    ['..%2fadmin', '..%252fadmin'],
    ['%2e%2e', '%252e%252e'],
    ['u1/attributes?id_type=email#', 'u1%2Fattributes%3Fid_type%3Demail%23'],
    ['a\\..\\b', 'a%5C..%5Cb'],
    ['a b;c', 'a%20b%3Bc'],
    ['...', '...'],
    ['\r\nX-Evil: 1', '%0D%0AX-Evil%3A%201'],
    ['ключ-鍵-🙂', encodeURIComponent('ключ-鍵-🙂')],
    ['é', '%C3%A9'],
  ])('is encoded as one path segment, and one header, for the id %j', async (userId, step) => {
    const { app, inApp, ask } = await start();
    expect((await ask(ATTRIBUTES, {}, userId)).status).toBe(200);
    expect((await ask(CATEGORIES, {}, userId)).status).toBe(200);
    expect((await ask(FETCH, {}, userId)).status).toBe(200);
    expect(app.received.map(({ path }) => path)).toEqual([
      `/v1/customers/${step}/attributes?id_type=id`,
      `/v1/customers/${step}/subscription_preferences?id_type=id`,
    ]);
    const header = String(inApp.received[0]?.headers['x-gist-encoded-user-token']);
    expect(Buffer.from(header, 'base64').toString()).toBe(userId);
  });

  test.each(['.', '..'])('does not exist for the id %j, which no path can hold', async (userId) => {
    const { app, ask } = await start();
    expect(await (await ask(ATTRIBUTES, {}, userId)).json()).toEqual({ attributes: {} });
    expect(await (await ask(CATEGORIES, {}, userId)).json()).toEqual({ topics: [] });
    expect(app.received).toHaveLength(0);
  });

  test.each(['.', '..'])('has no message %j, which no path can hold', async (id) => {
    const { inApp, ask } = await start();
    for (const path of [READ, DELETE]) expect((await ask(path, { id })).status).toBe(200);
    expect(inApp.received).toHaveLength(0);
  });

  test.each(['../../v4/users', 'q1/../q2', 'q?x=1', 'é'])(
    'encodes the id of a message as one path segment: %s',
    async (id) => {
      const { inApp, ask } = await start();
      await ask(READ, { id });
      expect(inApp.received[0]?.path).toBe(`/api/v1/messages/${encodeURIComponent(id)}`);
    },
  );
});

describe('without a good token', () => {
  test.each(ALL)('no data is returned: %s', async (path, body) => {
    const { proxy, app, inApp, pipelines } = await start();
    const token = await signed(claims());
    const attempts: readonly (readonly [Record<string, string>, string])[] = [
      [{}, '401 invalid_token missing'],
      [{ Authorization: '' }, '401 invalid_token missing'],
      [{ Authorization: 'Bearer' }, '401 invalid_client_key'],
      [{ Authorization: 'Bearer', 'X-CIO-Client-Key': CLIENT_KEY }, '401 invalid_token missing'],
      [bearer('nonsense'), '401 invalid_token malformed'],
      [bearer(await signed(claims({ exp: 1 }))), '401 invalid_token expired'],
      [bearer(await signed(claims(), `${SECRET}!`)), '401 invalid_token signature'],
      [bearer(token, { 'X-CIO-Client-Key': '' }), '401 invalid_client_key'],
      [bearer(token, { 'X-CIO-Client-Key': 'unknown' }), '401 invalid_client_key'],
    ];
    for (const [headers, expected] of attempts) {
      const response = await proxy.fetch(post([], { path, headers, body: JSON.stringify(body) }));
      const challenge = expected.includes('invalid_token') ? 'Bearer error="invalid_token"' : null;
      expect(response.headers.get('WWW-Authenticate')).toBe(challenge);
      expect(await fullVerdict(response)).toBe(expected);
    }
    expect([app, inApp, pipelines].flatMap(({ received }) => received)).toEqual([]);
  });

  test('no data is returned in report mode either', async () => {
    const { proxy } = await start({ customerToken: { secret: SECRET, mode: 'report' } });
    const headers = bearer(await signed(claims({ exp: 1 })));
    expect(await fullVerdict(await proxy.fetch(post([], { path: ATTRIBUTES, headers })))).toBe(
      '401 invalid_token expired',
    );
    expect(await fullVerdict(await proxy.fetch(post([], { path: ATTRIBUTES })))).toBe(
      '401 invalid_token missing',
    );
  });

  test('with the required scope, no data is returned', async () => {
    const { ask } = await start({ customerToken: { secret: SECRET, scope: 'private' } });
    expect(await fullVerdict(await ask(ATTRIBUTES))).toBe('403 insufficient_scope');
  });

  test('that can be verified at the moment, the browser gets a 503', async () => {
    const server = await startKeyServer();
    server.publish(500);
    const { proxy } = await start({ customerToken: { jwksUrl: server.url } });
    const headers = bearer(await signed(claims(), await keyPair('k')));
    expect(await fullVerdict(await proxy.fetch(post([], { path: FETCH, headers })))).toBe(
      '503 token_check_failed',
    );
  });
});

describe('a path whose option is missing', () => {
  test.each([
    ['customerToken', { customerToken: undefined }, ALL.map(([path]) => path)],
    [
      'customerToken',
      { customerToken: { secret: SECRET, mode: 'disabled' as const } },
      ALL.map(([path]) => path),
    ],
    ['appApi', { appApi: undefined }, [ATTRIBUTES, CATEGORIES]],
    ['inApp', { inApp: undefined }, [FETCH, READ, DELETE]],
  ])('gets 404, with the reason %s', async (option, options, paths) => {
    const { ask } = await start(options);
    for (const path of paths) {
      const response = await ask(path, { id: 'q1' });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({
        error: 'not_found',
        message: `This proxy is not configured for it: the option "${option}" is missing.`,
      });
    }
  });
});

describe('a body', () => {
  test.each<[string, string, string, string]>([
    ['no JSON', ATTRIBUTES, '{', '400 invalid_json'],
    ['a list', ATTRIBUTES, '[]', '400 invalid_body'],
    ['null', FETCH, 'null', '400 invalid_body'],
    ['a text', CATEGORIES, '"x"', '400 invalid_body'],
    ['more than 16 KB', ATTRIBUTES, JSON.stringify({ x: 'x'.repeat(16_000) }), '413 body_too_large'],
    ['without an id', READ, '{}', '400 invalid_body'],
    ['an empty id', READ, '{"id":""}', '400 invalid_body'],
    ['an id that is a number', DELETE, '{"id":7}', '400 invalid_body'],
    ['an id that is a list', DELETE, '{"id":["q1"]}', '400 invalid_body'],
    ['an id of 201 characters', READ, JSON.stringify({ id: 'x'.repeat(201) }), '400 invalid_body'],
    ['an id with a control character', READ, '{"id":"q\\u0000"}', '400 invalid_body'],
    ['an id with half a character', READ, '{"id":"\\ud800"}', '400 invalid_body'],
    ['categories that nobody knows', CATEGORIES, '{"categories":{}}', '400 invalid_body'],
    ['topics that are no list', CATEGORIES, '{"topics":{"7":true}}', '400 invalid_body'],
    ['no topics', CATEGORIES, '{"topics":[]}', '400 invalid_body'],
    [
      '101 topics',
      CATEGORIES,
      JSON.stringify({ topics: Array.from({ length: 101 }, (_, id) => ({ id: `${id}`, subscribed: true })) }),
      '400 invalid_body',
    ],
    [
      'a topic that leads elsewhere',
      CATEGORIES,
      '{"topics":[{"id":"7.x","subscribed":true}]}',
      '400 invalid_body',
    ],
    ['a topic without an id', CATEGORIES, '{"topics":[{"subscribed":true}]}', '400 invalid_body'],
    ['a topic that says yes', CATEGORIES, '{"topics":[{"id":"7","subscribed":"yes"}]}', '400 invalid_body'],
    ['a topic that is null', CATEGORIES, '{"topics":[null]}', '400 invalid_body'],
  ])('that is or has %s is refused', async (_, path, body, expected) => {
    const { ask, app, inApp, pipelines } = await start();
    expect(await fullVerdict(await ask(path, body))).toBe(expected);
    expect([app, inApp, pipelines].flatMap(({ received }) => received)).toEqual([]);
  });

  test('of another type is refused', async () => {
    const { ask } = await start();
    expect(await fullVerdict(await ask(ATTRIBUTES, '{}', 'u1', { 'Content-Type': 'text/plain' }))).toBe(
      '415 unsupported_media_type',
    );
  });
});

describe('a response of Customer.io', () => {
  const asks = (setting: Setting): readonly (readonly [Upstream, string, object])[] => [
    [setting.app, ATTRIBUTES, {}],
    [setting.app, CATEGORIES, {}],
    [setting.pipelines, CATEGORIES, { topics: [{ id: '7', subscribed: true }] }],
    [setting.inApp, FETCH, {}],
    [setting.inApp, READ, { id: 'q1' }],
    [setting.inApp, DELETE, { id: 'q1' }],
  ];

  test.each<[number, string]>([
    [400, '400 rejected'],
    [422, '400 rejected'],
    [401, '503 upstream_misconfigured'],
    [403, '503 upstream_misconfigured'],
    [405, '503 upstream_misconfigured'],
    [408, '503 upstream_unavailable'],
    [429, '503 upstream_unavailable'],
    [500, '503 upstream_unavailable'],
    [503, '503 upstream_unavailable'],
  ])('%i becomes %s', async (status, expected) => {
    const setting = await start();
    for (const [upstream, path, body] of asks(setting)) {
      upstream.respond({ status, headers: { 'Retry-After': '77' } });
      const response = await setting.ask(path, body);
      if (expected.includes('unavailable')) expect(response.headers.get('Retry-After')).toBe('77');
      if (expected.includes('misconfigured')) expect(response.headers.get('Retry-After')).toBe('60');
      expect(response.headers.get('WWW-Authenticate')).toBeNull();
      expect(await fullVerdict(response)).toBe(expected);
    }
  });

  test('about an unknown person becomes empty data', async () => {
    const { app, inApp, ask } = await start();
    for (const upstream of [app, inApp])
      upstream.respond({ status: 404, body: '{"errors":[{"status":"404"}]}' });
    expect(await (await ask(ATTRIBUTES)).json()).toEqual({ attributes: {} });
    expect(await (await ask(CATEGORIES)).json()).toEqual({ topics: [] });
    expect(await (await ask(FETCH)).json()).toEqual({ messages: [] });
  });

  test('about a message that is gone counts as success', async () => {
    const { inApp, ask } = await start();
    inApp.respond({ status: 404 });
    for (const path of [READ, DELETE])
      expect(await (await ask(path, { id: 'q1' })).json()).toEqual({ success: true });
  });

  test.each([204, 304])('about an inbox without news (%i) becomes no messages', async (status) => {
    const { inApp, ask } = await start();
    inApp.respond({ status, body: '' });
    expect(await (await ask(FETCH)).json()).toEqual({ messages: [] });
  });

  test('about a person without topics or messages becomes an empty list', async () => {
    const { app, inApp, ask } = await start();
    app.respond({ body: '{"customer":{}}' });
    inApp.respond({ body: '{}' });
    expect(await (await ask(CATEGORIES)).json()).toEqual({ topics: [] });
    expect(await (await ask(FETCH)).json()).toEqual({ messages: [] });
  });

  test.each([
    '<html>',
    '7',
    '[]',
    'null',
    '{"customer":7,"inboxMessages":7}',
    '{"customer":{"attributes":7,"topics":7},"inboxMessages":{}}',
  ])('that is malformed becomes 503: %s', async (body) => {
    const { app, inApp, ask } = await start();
    for (const upstream of [app, inApp]) upstream.respond({ body });
    for (const path of [ATTRIBUTES, CATEGORIES, FETCH])
      expect(await fullVerdict(await ask(path))).toBe('503 upstream_unavailable');
  });

  test.each(['hang-up', 'silence'] as const)('that is %s becomes 503', async (answer) => {
    const setting = await start({ timeoutMs: 100 });
    for (const [upstream, path, body] of asks(setting)) {
      upstream.respond(answer);
      const response = await setting.ask(path, body);
      expect(response.headers.get('Retry-After')).toMatch(/^\d+$/);
      expect(await fullVerdict(response)).toBe('503 upstream_unavailable');
    }
  });

  test('that never ends becomes 503', async () => {
    const endless = createServer((_, response) => void response.writeHead(200).write('{"customer":'));
    endless.listen(0, '127.0.0.1');
    await once(endless, 'listening');
    onTestFinished(() => {
      endless.closeAllConnections();
      endless.close();
    });
    const url = `http://127.0.0.1:${(endless.address() as AddressInfo).port}`;
    const { ask } = await start({
      timeoutMs: 100,
      appApi: { key: APP_KEY, url },
      inApp: { siteId: SITE_ID, url },
    });
    for (const path of [ATTRIBUTES, CATEGORIES, FETCH])
      expect(await fullVerdict(await ask(path))).toBe('503 upstream_unavailable');
  });

  test('that cannot be reached becomes 503', async () => {
    const url = 'http://127.0.0.1:1';
    const { ask } = await start({ appApi: { key: APP_KEY, url }, inApp: { siteId: SITE_ID, url } });
    for (const path of [ATTRIBUTES, FETCH])
      expect(await fullVerdict(await ask(path))).toBe('503 upstream_unavailable');
  });
});

describe('a credential', () => {
  test('is sent only to its own host', async () => {
    const { pipelines, app, inApp, ask, proxy } = await start();
    for (const [path, body] of ALL) await ask(path, body);
    await ask(CATEGORIES, { topics: [{ id: '7', subscribed: true }] });
    await proxy.fetch(post());
    const seen = [pipelines, app, inApp].map(({ received }) =>
      JSON.stringify(received.map(({ headers, path, text }) => [headers, path, text])),
    );
    const basic = btoa(`${WRITE_KEY}:`);
    const holders = (text: string): readonly boolean[] => seen.map((each) => each.includes(text));
    expect(pipelines.received).toHaveLength(2);
    expect(app.received).toHaveLength(2);
    expect(inApp.received).toHaveLength(3);
    expect(holders(basic)).toEqual([true, false, false]);
    expect(holders(APP_KEY)).toEqual([false, true, false]);
    expect(holders(SITE_ID)).toEqual([false, false, true]);
    for (const visitors of [CLIENT_KEY, 'eyJ', 'x-cio-client-key', 'cookie'])
      expect(holders(visitors)).toEqual([false, false, false]);
  });

  test('is sent without anything of the visitor’s request', async () => {
    const { app, inApp, ask } = await start();
    const headers = {
      Cookie: 'session=hidden',
      'X-Forwarded-For': '6.6.6.6',
      'User-Agent': 'Browser/1',
      'X-Custom': 'hidden',
    };
    for (const [path, body] of ALL) await ask(path, body, 'u1', headers);
    const seen = JSON.stringify([...app.received, ...inApp.received]);
    for (const value of ['hidden', '6.6.6.6', 'Browser/1']) expect(seen).not.toContain(value);
  });

  test.each([301, 302, 307, 308])('is not sent along a redirect by %i', async (status) => {
    const { pipelines, app, inApp, ask } = await start();
    for (const upstream of [app, inApp]) upstream.respond({ status, headers: { Location: pipelines.url } });
    for (const path of [ATTRIBUTES, CATEGORIES, FETCH])
      expect(await fullVerdict(await ask(path))).toBe('503 upstream_misconfigured');
    expect(pipelines.received).toHaveLength(0);
  });

  test('is sent to the region of the account', async () => {
    const seen: string[] = [];
    const fetch: FetchLike = async (url) => {
      seen.push(new URL(url).origin);
      return new Response('{"customer":{"attributes":{}}}');
    };
    for (const region of ['us', 'eu'] as const) {
      const { ask } = await start({ region, fetch, appApi: { key: APP_KEY }, inApp: { siteId: SITE_ID } });
      await ask(ATTRIBUTES);
      await ask(FETCH);
    }
    const inApp = 'https://consumer.cloud.gist.build';
    expect(seen).toEqual(['https://api.customer.io', inApp, 'https://api-eu.customer.io', inApp]);
  });

  test('may be used with a URL that has a path', async () => {
    const { app } = await start();
    const { ask } = await start({ appApi: { key: APP_KEY, url: new URL(`${app.url}/app/`) } });
    await ask(ATTRIBUTES);
    expect(app.received[0]?.path).toBe('/app/v1/customers/u1/attributes?id_type=id');
  });

  test('appears in no response and no log line, nor do personal data, when upstreams echo requests', async () => {
    const { app, inApp, pipelines, ask, log } = await start();
    const echo = ({ headers, path, text }: Upstream['received'][number], status: number): Answer => ({
      status,
      headers: { 'X-Echo': JSON.stringify(headers).slice(0, 2_000), 'Set-Cookie': `k=${APP_KEY}` },
      body: JSON.stringify({
        customer: { attributes: { plan: 'pro' }, topics: [], echo: headers },
        inboxMessages: [{ queueId: 'q1', userToken: 'u9', echo: headers }],
        errors: [{ detail: `${JSON.stringify(headers)} ${path} ${text} u9` }],
        meta: { other: [headers] },
      }),
    });
    const answers: string[] = [];
    for (const status of [200, 401, 404, 422, 429, 500]) {
      for (const upstream of [app, inApp, pipelines]) upstream.respond((request) => echo(request, status));
      const asked = [...ALL, [CATEGORIES, { topics: [{ id: '7', subscribed: true }] }] as const];
      for (const [path, body] of asked) {
        const response = await ask(path, body, 'person-in-question');
        answers.push(JSON.stringify([[...response.headers], await response.text()]));
      }
    }
    for (const upstream of [app, inApp, pipelines]) upstream.respond('hang-up');
    for (const [path, body] of ALL) answers.push(await (await ask(path, body, 'person-in-question')).text());
    const told = answers.join() + JSON.stringify(log);
    const secrets = [APP_KEY, SITE_ID, WRITE_KEY, btoa(`${WRITE_KEY}:`), CLIENT_KEY, SECRET, 'eyJ', 'u9'];
    for (const secret of [...secrets, 'person-in-question', btoa('person-in-question')])
      expect(told).not.toContain(secret);
    expect(log).toHaveLength(41);
  });
});

describe('from a page of another origin', () => {
  const SHOP = 'https://shop.example.com';

  test.each(ALL)('a preflight of %s allows the token and the key header', async (path) => {
    const { proxy } = await start({ origins: [SHOP], basePath: '/e' });
    const headers = {
      Origin: SHOP,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization,content-type,x-cio-client-key',
    };
    const request = new Request(`https://events.example.com/e${path}`, { method: 'OPTIONS', headers });
    const response = await proxy.fetch(request);
    expect(response.status).toBe(204);
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe(SHOP);
    expect(response.headers.get('Access-Control-Allow-Methods')).toBe('POST, OPTIONS');
    expect(response.headers.get('Access-Control-Allow-Headers')).toContain('Authorization');
    expect(response.headers.get('Access-Control-Allow-Headers')).toContain('X-CIO-Client-Key');
  });

  test('responses and errors can be read by allowed pages only', async () => {
    const { ask, app } = await start({ origins: [SHOP] });
    const statuses: number[] = [];
    for (const status of [200, 500]) {
      if (status === 500) app.respond({ status });
      const response = await ask(ATTRIBUTES, {}, 'u1', { Origin: SHOP });
      statuses.push(response.status);
      expect(response.headers.get('Access-Control-Allow-Origin')).toBe(SHOP);
      expect(response.headers.get('Access-Control-Allow-Credentials')).toBe('true');
    }
    expect(statuses).toEqual([200, 503]);
    expect(await fullVerdict(await ask(ATTRIBUTES, {}, 'u1', { Origin: 'https://evil.example' }))).toBe(
      '403 origin_not_allowed',
    );
  });

  test.each(['GET', 'PUT', 'DELETE'])('%s is refused for these paths', async (method) => {
    const { proxy } = await start();
    for (const [path] of ALL) {
      const response = await proxy.fetch(new Request(`https://events.example.com${path}`, { method }));
      expect(response.headers.get('Allow')).toBe('POST, OPTIONS');
      expect(await fullVerdict(response)).toBe('405 method_not_allowed');
    }
  });
});
