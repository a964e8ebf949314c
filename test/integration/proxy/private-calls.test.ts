// @vitest-environment node
/** Private calls: what a person with a token can read and change, and what is refused without one. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HandledInboxMessage } from '../../../src/protocol/messages.ts';
import type { InboxAnswer } from '../../../src/protocol/wire.ts';
import { claims, keyPair, SECRET, signed, startKeyServer } from './key-server.ts';
import { bearer, CLIENT_KEY, fullVerdict, post, verdict } from './setup.ts';
import { startUpstream } from './upstream.ts';
import {
  APP_KEY,
  SITE_ID,
  ATTRIBUTES,
  CATEGORIES,
  FETCH,
  READ,
  DELETE,
  ALL,
  start,
  PERSON,
} from './private-calls-setup.ts';

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
    const handle = expect.stringMatching(/^[\w-]+\.[\w-]{43}$/) as unknown;
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
          handle,
        },
        // There is nothing to report about a message without a delivery.
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

  test('get a handle with each message of the inbox, by which a page reports that it was opened', async () => {
    const { ask, pipelines } = await start();
    const { messages } = (await (await ask(FETCH)).json()) as InboxAnswer;
    const { handle } = messages[0] as HandledInboxMessage;
    const metric = { type: 'metric', messageId: 'm1', timestamp: '2026-01-02T03:04:05.006Z', handle };
    const batch = [{ ...metric, metric: 'opened' }];
    expect(await (await ask('/v1/batch', { batch })).json()).toEqual({ success: true });
    expect(pipelines.received[0]?.body.batch).toMatchObject([
      {
        event: 'Report Delivery Event',
        userId: 'u1',
        properties: { deliveryId: 'delivery-1', metric: 'opened' },
      },
    ]);
    const foreign = await (
      await ask('/v1/batch', { batch: [{ ...metric, metric: 'clicked' }] }, 'u2')
    ).json();
    expect(foreign).toMatchObject({ rejected: [{ error: 'subject_mismatch' }] });
  });

  test('get no inbox while the handles cannot be signed', async () => {
    const handleSecret = (): Promise<string> => Promise.reject(new Error('the vault is away'));
    const service = await startUpstream();
    service.respond({ body: '{"inboxMessages":[{"queueId":"q1","deliveryId":"d1"}]}' });
    const { ask, log } = await start({ inApp: { siteId: SITE_ID, url: service.url, handleSecret } });
    expect(await verdict(await ask(FETCH))).toBe('503 upstream_misconfigured');
    expect(log[0]?.detail).toBe('The function "handleSecret" failed.');
  });

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
