// @vitest-environment node
/** `POST /v1/messages/fetch`: who gets which messages, what the in-app service is sent, and how often. */
import { describe, expect, test } from 'vitest';
import { createProxy } from '../../../src/proxy.ts';
import { claims, SECRET, signed } from './key-server.ts';
import { bearer, CLIENT_KEY, fullVerdict, post, verdict, WRITE_KEY } from './setup.ts';
import { bodyOf, FETCH, GIST, GUEST_SECRET, QUEUE, SEEN, SITE_ID, startMessages } from './messages-setup.ts';

const SESSION = '6b1e1e0e-7d8c-4f4b-9a5e-0123456789ab';
/** Stands for a request that was not received. */
const NONE = { method: '', path: '', text: '', headers: {} as Record<string, unknown> };
const HANDLE = expect.stringMatching(/^[\w-]+\.[\w-]{43}$/);

describe('the messages of a person', () => {
  test('come in one answer with the inbox, each with a handle where something is counted', async () => {
    const { ask, inApp, log } = await startMessages();
    const before = Date.now();
    const response = await ask(FETCH);
    expect(response.status).toBe(200);
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    const body = await bodyOf(response);
    expect(body).toEqual({
      messages: [
        {
          queueId: 'q1',
          messageId: 'm1',
          priority: 5,
          properties: { gist: GIST, plan: 'pro' },
          handle: HANDLE,
        },
        { ...(QUEUE.inAppMessages[1] as object), handle: HANDLE },
        { ...(QUEUE.inAppMessages[2] as object), handle: HANDLE },
        QUEUE.inAppMessages[3],
      ],
      inbox: [
        {
          id: 'i1',
          opened: false,
          sentAt: '2026-01-02T03:04:05Z',
          properties: { title: 'Hi' },
          handle: HANDLE,
        },
        { id: 'i2', opened: true, sentAt: '2026-01-02T03:04:05Z', properties: {} },
      ],
      nextInSeconds: 600,
      stream: false,
      serverTime: expect.any(Number),
    });
    expect(body.serverTime).toBeGreaterThanOrEqual(before);
    expect(inApp.received).toHaveLength(1);
    expect(log[0]).toMatchObject({ status: 200, path: FETCH, upstreamStatus: 200 });
  });

  test('are asked for with what the service needs, and with no header of the browser besides', async () => {
    const { ask, inApp } = await startMessages();
    await ask(FETCH, { userId: 'ユーザー1', sessionId: SESSION }, 'ユーザー1', {
      'Accept-Language': 'de-CH,de;q=0.8',
      Cookie: 'session=secret',
      Referer: 'https://shop.example.com/cart',
      'User-Agent': 'a browser',
      'X-Custom': 'x',
    });
    const [{ method, path, headers, text } = NONE] = inApp.received;
    expect([method, path, text]).toEqual(['POST', `/api/v4/users?sessionId=${SESSION}`, '{}']);
    expect(headers).toMatchObject({
      'x-cio-site-id': SITE_ID,
      'x-cio-client-platform': 'web',
      'x-gist-encoded-user-token': Buffer.from('ユーザー1').toString('base64'),
      'x-gist-user-anonymous': 'false',
      'content-language': 'de-CH',
    });
    for (const name of ['authorization', 'cookie', 'referer', 'x-custom', 'x-cio-client-key'])
      expect(headers[name], name).toBeUndefined();
    expect(headers['user-agent']).not.toBe('a browser');
  });

  test.each([undefined, 'not-a-uuid', 7, '../../x', `${SESSION}&x=1`])(
    'have a session of their own where the body names none: %j',
    async (sessionId) => {
      const { ask, inApp } = await startMessages();
      await ask(FETCH, { sessionId });
      expect(inApp.received[0]?.path).toMatch(
        /^\/api\/v4\/users\?sessionId=[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/,
      );
    },
  );

  test('have the same handle in the next answer, so that the lists can be compared', async () => {
    const one = await startMessages();
    const other = await startMessages();
    const [first, second] = await Promise.all([one, other].map(async ({ ask }) => bodyOf(await ask(FETCH))));
    expect(first?.messages).toEqual(second?.messages);
  });

  test('can be of a workspace whose site id a function returns', async () => {
    let siteId = 'first';
    const { ask, inApp } = await startMessages({ inApp: { siteId: async () => siteId } });
    await ask(FETCH);
    siteId = 'second';
    await ask('/v1/inbox/fetch');
    expect(inApp.received.map(({ headers }) => headers['x-cio-site-id'])).toEqual(['first', 'second']);
    siteId = '';
    expect(await verdict(await ask(FETCH, {}, 'u2'))).toBe('503 upstream_unavailable');
  });
});

describe('the state of the service', () => {
  test.each<[Record<string, string>, object]>([
    [{ 'X-Gist-Queue-Polling-Interval': '30' }, { nextInSeconds: 30 }],
    [{ 'X-Gist-Queue-Polling-Interval': '1' }, { nextInSeconds: 10 }],
    [{ 'X-Gist-Queue-Polling-Interval': '999999' }, { nextInSeconds: 3600 }],
    [{ 'X-Gist-Queue-Polling-Interval': '0' }, { nextInSeconds: 600 }],
    [{ 'X-Gist-Queue-Polling-Interval': 'soon' }, { nextInSeconds: 600 }],
    [{ 'X-CIO-Inbox-Enabled': 'true' }, { inboxEnabled: true }],
    [{ 'X-CIO-Inbox-Enabled': 'false' }, { inboxEnabled: false }],
    [{}, { nextInSeconds: 600, stream: false }],
  ])('is read from its headers: %j', async (headers, expected) => {
    const { ask, inApp } = await startMessages();
    inApp.respond({ headers, body: JSON.stringify(QUEUE) });
    const body = await bodyOf(await ask(FETCH));
    expect(body).toMatchObject(expected);
    expect('inboxEnabled' in body).toBe('X-CIO-Inbox-Enabled' in headers);
  });

  test('204 means that there are no messages, 304 that nothing has changed', async () => {
    const { ask, inApp } = await startMessages();
    inApp.respond({ status: 204, body: '' });
    expect(await bodyOf(await ask(FETCH))).toMatchObject({ messages: [], inbox: [] });
    inApp.respond({ status: 304, body: '', headers: { 'X-Gist-Queue-Polling-Interval': '20' } });
    const unchanged = await bodyOf(await ask(FETCH, { sessionId: SESSION }, 'u2'));
    expect(unchanged).toEqual({
      unchanged: true,
      nextInSeconds: 20,
      stream: false,
      serverTime: expect.any(Number),
    });
  });

  test.each<[string, string]>([
    ['a page', '<html><body>Sign in</body></html>'],
    ['nothing', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['a queue that is none', '{"inAppMessages":{}}'],
    ['an inbox that is none', '{"inboxMessages":"x"}'],
    ['more than 4 MB', JSON.stringify({ inAppMessages: ['x'.repeat(4_000_001)] })],
  ])('%s in the place of its answer empties no list: 503', async (_, body) => {
    const { ask, inApp } = await startMessages();
    inApp.respond({ body });
    const response = await ask(FETCH);
    expect(response.headers.get('Retry-After')).toMatch(/^\d+$/);
    expect(await verdict(response)).toBe('503 upstream_unavailable');
  });

  test('an answer of 3 MB arrives', async () => {
    const { ask } = await startMessages(
      {},
      { inAppMessages: [{ queueId: 'q1', messageId: 'm1', properties: { html: 'x'.repeat(3_000_000) } }] },
    );
    expect((await bodyOf(await ask(FETCH))).messages).toHaveLength(1);
  });

  test.each<[number, string]>([
    [500, '503 upstream_unavailable'],
    [429, '503 upstream_unavailable'],
    [401, '503 upstream_misconfigured'],
    [302, '503 upstream_misconfigured'],
  ])('%i is %s, and shows nothing of the service', async (status, expected) => {
    const { ask, inApp, pipelines } = await startMessages();
    inApp.respond({
      status,
      headers: { 'Retry-After': '7', 'Set-Cookie': 'a=b', Location: pipelines.url },
      body: SITE_ID,
    });
    const response = await ask(FETCH);
    expect(response.headers.get('Set-Cookie')).toBeNull();
    expect(await response.clone().text()).not.toContain(SITE_ID);
    expect(await verdict(response)).toBe(expected);
    expect(pipelines.received).toEqual([]);
  });
});

describe('the limits', () => {
  test('requests of one person at the same time share one fetch', async () => {
    const { ask, inApp } = await startMessages();
    const answers = await Promise.all([ask(FETCH), ask(FETCH), ask(FETCH), ask(FETCH, {}, 'u2')]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const tokens = inApp.received.map(({ headers }) => atob(String(headers['x-gist-encoded-user-token'])));
    expect(tokens.sort()).toEqual(['u1', 'u2']);
  });

  test('a request that has joined the fetch of another session has no lists that are unchanged', async () => {
    const { ask, inApp } = await startMessages();
    inApp.respond({ status: 304, body: '' });
    const answers = await Promise.all([
      ask(FETCH, { sessionId: SESSION }),
      ask(FETCH, { sessionId: SESSION }),
      ask(FETCH),
    ]);
    expect(answers.map(({ status }) => String(status)).sort()).toEqual(['200', '200', '429']);
    expect(inApp.received).toHaveLength(1);
  });

  test('a person can fetch once in five seconds, others meanwhile', async () => {
    const { ask, inApp } = await startMessages();
    expect((await ask(FETCH)).status).toBe(200);
    const refused = await ask(FETCH);
    expect(Number(refused.headers.get('Retry-After'))).toBeOneOf([4, 5]);
    expect(await verdict(refused)).toBe('429 rate_limited');
    expect((await ask(FETCH, {}, 'u2')).status).toBe(200);
    expect((await ask('/v1/inbox/fetch')).status).toBe(200);
    expect(inApp.received).toHaveLength(3);
  });

  test('a body may have 16 kB', async () => {
    const { ask, inApp } = await startMessages();
    expect(await verdict(await ask(FETCH, { x: 'x'.repeat(16_000) }))).toBe('413 body_too_large');
    expect(inApp.received).toEqual([]);
  });
});

describe('without a right to it', () => {
  test('nobody gets messages, and the service is not asked', async () => {
    const { ask, askAnonymously, inApp } = await startMessages();
    expect(await fullVerdict(await askAnonymously(FETCH))).toBe('401 invalid_token missing');
    expect(await fullVerdict(await askAnonymously(FETCH, { anonymousId: 'a1' }))).toBe(
      '401 invalid_token missing',
    );
    expect(await fullVerdict(await askAnonymously(FETCH, { userId: 'u1' }))).toBe(
      '401 invalid_token missing',
    );
    expect(await verdict(await ask(FETCH, { userId: 'u1' }, 'u2'))).toBe('403 subject_mismatch');
    const expired = bearer(await signed(claims({ exp: 1 })));
    expect(await fullVerdict(await askAnonymously(FETCH, {}, expired))).toBe('401 invalid_token expired');
    expect(await verdict(await ask(FETCH, {}, 'u1', { 'X-CIO-Client-Key': 'another' }))).toBe(
      '401 invalid_client_key',
    );
    expect(await verdict(await askAnonymously(FETCH, [] as object, bearer(await signed(claims()))))).toBe(
      '400 invalid_body',
    );
    expect(inApp.received).toEqual([]);
  });

  test.each([
    ['inApp', { customerToken: { secret: SECRET } }],
    ['customerToken', { inApp: { siteId: SITE_ID } }],
    [
      'customerToken',
      { inApp: { siteId: SITE_ID }, customerToken: { secret: SECRET, mode: 'disabled' as const } },
    ],
  ])('a proxy without "%s" serves no messages', async (option, options) => {
    const proxy = createProxy({ writeKey: WRITE_KEY, clientKeys: [CLIENT_KEY], ...options });
    for (const path of [FETCH, SEEN]) {
      const response = await proxy.fetch(post([], { path, body: '{}' }));
      expect(await response.json()).toMatchObject({
        error: 'not_found',
        message: `This proxy is not configured for it: the option "${option}" is missing.`,
      });
    }
  });

  test('another method, and a page of another origin, are refused', async () => {
    const { proxy } = await startMessages();
    const get = await proxy.fetch(new Request(`https://events.example.com${FETCH}`));
    expect([get.status, get.headers.get('Allow')]).toEqual([405, 'POST, OPTIONS']);
    const foreign = post([], { path: FETCH, headers: { Origin: 'https://evil.example' }, body: '{}' });
    expect(await verdict(await proxy.fetch(foreign))).toBe('403 origin_not_allowed');
  });
});

describe('an anonymous visitor', () => {
  const inApp = { siteId: SITE_ID, anonymous: { secret: GUEST_SECRET } };

  test('gets the messages for everybody, under an id that no page can choose', async () => {
    const settings = await Promise.all([startMessages({ inApp }), startMessages({ inApp })]);
    const tokens: string[] = [];
    for (const { askAnonymously, inApp: service } of settings) {
      service.respond({ headers: { 'X-CIO-Use-SSE': 'true' }, body: JSON.stringify(QUEUE) });
      const body = await bodyOf(await askAnonymously(FETCH, { anonymousId: 'u1' }));
      expect(body).toMatchObject({ messages: [{ queueId: 'q2', handle: HANDLE }], inbox: [], stream: false });
      expect(body.messages).toHaveLength(1);
      const { headers } = service.received[0] ?? NONE;
      expect(headers['x-gist-user-anonymous']).toBe('true');
      tokens.push(atob(String(headers['x-gist-encoded-user-token'])));
    }
    expect(tokens[0]).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(tokens[1]).toBe(tokens[0]);
  });

  test('is another guest for each anonymous id, and for each secret', async () => {
    const { askAnonymously, inApp: service } = await startMessages({ inApp });
    const other = await startMessages({
      inApp: { siteId: SITE_ID, anonymous: { secret: `${GUEST_SECRET} 2` } },
    });
    await askAnonymously(FETCH, { anonymousId: 'a1' });
    await askAnonymously(FETCH, { anonymousId: 'a2' });
    await other.askAnonymously(FETCH, { anonymousId: 'a1' });
    const all = [...service.received, ...other.inApp.received];
    expect(new Set(all.map(({ headers }) => headers['x-gist-encoded-user-token'])).size).toBe(3);
  });

  test.each([undefined, '', 7, 'x'.repeat(201), 'a\nb', '\ud800'])(
    'needs an anonymous id: %j',
    async (anonymousId) => {
      const { askAnonymously, inApp: service } = await startMessages({ inApp });
      expect(await verdict(await askAnonymously(FETCH, { anonymousId }))).toBe('400 invalid_body');
      expect(service.received).toEqual([]);
    },
  );

  test('cannot ask as a person, and a person is none with a token', async () => {
    const { ask, askAnonymously, inApp: service } = await startMessages({ inApp });
    const asPerson = await askAnonymously(FETCH, { anonymousId: 'a1', userId: 'u1' });
    expect(await fullVerdict(asPerson)).toBe('401 invalid_token missing');
    expect(await verdict(await askAnonymously(FETCH, { anonymousId: 'a1' }, { Authorization: '' }))).toBe(
      '401 invalid_client_key',
    );
    await ask(FETCH, { anonymousId: 'a1' });
    const headers = service.received.map((request) => request.headers);
    expect(headers).toEqual([expect.objectContaining({ 'x-gist-user-anonymous': 'false' })]);
  });

  test('needs no customer tokens at the proxy', async () => {
    const { askAnonymously } = await startMessages({ inApp, customerToken: undefined });
    expect((await askAnonymously(FETCH, { anonymousId: 'a1' })).status).toBe(200);
  });
});
