// @vitest-environment node
/** `POST /v1/messages/metric`: the proxy itself makes the event that Customer.io counts, and only for a message that it has given out. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createProxy } from '../../../src/proxy.ts';
import { createHandles } from '../../../src/proxy/messages/handle.ts';
import { claims, SECRET, signed } from './key-server.ts';
import { bearer, CLIENT_KEY, event, fullVerdict, post, verdict, WRITE_KEY } from './setup.ts';
import { bodyOf, FETCH, GUEST_SECRET, handleOf, METRIC, SITE_ID, startMessages } from './messages-setup.ts';

const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
const UUID = expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);

describe('a report about a message', () => {
  test('becomes the event of the person of the handle', async () => {
    const setting = await startMessages();
    const { askAnonymously, pipelines, log } = setting;
    const handle = await handleOf(setting);
    const action = { name: 'buy', value: 'https://a.example' };
    const response = await askAnonymously(METRIC, { handle, metric: 'clicked', action });
    expect([response.status, await response.json()]).toEqual([200, { success: true }]);
    expect(pipelines.received.map(({ path }) => path)).toEqual(['/v1/batch']);
    expect(pipelines.received[0]?.headers).toMatchObject({
      authorization: `Basic ${btoa(`${WRITE_KEY}:`)}`,
      'x-strict-mode': '1',
    });
    expect(pipelines.received[0]?.body.batch).toEqual([
      {
        type: 'track',
        event: 'Report Delivery Event',
        messageId: UUID,
        timestamp: ISO,
        userId: 'u1',
        properties: {
          deliveryId: 'd1',
          metric: 'clicked',
          actionName: 'buy',
          actionValue: 'https://a.example',
        },
        context: {},
      },
    ]);
    expect(log.at(-1)).toMatchObject({ status: 200, events: 1, upstreamStatus: 200 });
  });

  test('about content without a delivery is a report about that content', async () => {
    const { ask, pipelines } = await startMessages();
    const { messages } = await bodyOf(await ask(FETCH));
    await ask(METRIC, { handle: messages[1]?.handle, metric: 'opened' });
    await ask(METRIC, { handle: messages[2]?.handle, metric: 'clicked', action: { name: 'buy' } });
    expect(pipelines.received.map(({ body }) => body.batch[0])).toMatchObject([
      {
        event: 'Report Content Event',
        userId: 'u1',
        properties: {
          actionType: 'viewed_content',
          contentId: 7,
          templateId: 3,
          contentType: 'in_app_content',
        },
      },
      {
        event: 'Report Content Event',
        properties: {
          actionType: 'clicked_content',
          contentId: 1,
          templateId: 2,
          contentType: 'in_app_content',
          actionName: 'buy',
        },
      },
    ]);
  });

  test('about a message of the inbox counts its delivery', async () => {
    const { ask, pipelines } = await startMessages();
    const { inbox } = await bodyOf(await ask(FETCH));
    expect((await ask(METRIC, { handle: inbox[0]?.handle, metric: 'opened' })).status).toBe(200);
    expect(pipelines.received[0]?.body.batch[0]).toMatchObject({
      userId: 'u1',
      properties: { deliveryId: 'd2', metric: 'opened' },
    });
  });

  test('of an anonymous visitor is of the guest that the proxy has derived', async () => {
    const inApp = { siteId: SITE_ID, anonymous: { secret: GUEST_SECRET } };
    const { ask, askAnonymously, pipelines, inApp: service } = await startMessages({ inApp });
    const { messages } = await bodyOf(await askAnonymously(FETCH, { anonymousId: 'u1' }));
    const handle = messages[0]?.handle;
    expect((await askAnonymously(METRIC, { handle, metric: 'opened' })).status).toBe(200);
    const guest = atob(String(service.received[0]?.headers['x-gist-encoded-user-token']));
    const [sent] = pipelines.received[0]?.body.batch ?? [];
    expect(sent).toMatchObject({ event: 'Report Content Event', anonymousId: guest });
    expect(sent).not.toHaveProperty('userId');
    expect((await ask(METRIC, { handle, metric: 'clicked' })).status).toBe(200);
  });

  test('keeps the id and the time that the page gives it, and is counted once', async () => {
    const setting = await startMessages();
    const { askAnonymously, pipelines, log } = setting;
    const handle = await handleOf(setting);
    const body = { handle, metric: 'opened', messageId: 'm-1' };
    const timed = { ...body, messageId: 'm-2', timestamp: '2026-01-02T03:04:05.006Z' };
    for (const each of [body, body, timed, timed])
      expect((await askAnonymously(METRIC, each)).status).toBe(200);
    const events = pipelines.received.flatMap(({ body: { batch } }) => batch);
    expect(events).toMatchObject([
      { messageId: 'm-1', timestamp: ISO },
      { messageId: 'm-2', timestamp: '2026-01-02T03:04:05.006Z' },
    ]);
    expect(log.map(({ duplicates }) => duplicates)).toEqual([undefined, undefined, 1, undefined, 1]);
  });

  test('goes through the hooks and the merging of all events', async () => {
    const setting = await startMessages({
      clientIp: 'x-real-ip',
      enrich: () => ({ country: 'CH' }),
      upstream: { merge: { waitMs: 200 } },
    });
    const { askAnonymously, pipelines } = setting;
    const handle = await handleOf(setting);
    const headers = { 'X-Real-IP': '203.0.113.7' };
    const answers = await Promise.all(
      ['opened', 'clicked'].map(async (metric) => askAnonymously(METRIC, { handle, metric }, headers)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(pipelines.received).toHaveLength(1);
    const context = { ip: '203.0.113.7', country: 'CH' };
    expect(pipelines.received[0]?.body.batch).toMatchObject([
      { properties: { metric: 'opened' }, context },
      { properties: { metric: 'clicked' }, context },
    ]);
  });

  test('is answered only after Customer.io has accepted it', async () => {
    const setting = await startMessages({ upstream: { retries: 0 } });
    const { askAnonymously, pipelines } = setting;
    const body = { handle: await handleOf(setting), metric: 'opened', messageId: 'm-1' };
    pipelines.respond({ status: 503 });
    const refused = await askAnonymously(METRIC, body);
    expect(refused.headers.get('Retry-After')).toMatch(/^\d+$/);
    expect(await verdict(refused)).toBe('503 upstream_unavailable');
    pipelines.respond({ status: 400, body: '{"meta":{"errors":["no such delivery"]}}' });
    expect(await verdict(await askAnonymously(METRIC, body))).toBe('400 rejected');
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    pipelines.respond(async () => {
      await held;
      return { body: '{}' };
    });
    let isAnswered = false;
    const answer = askAnonymously(METRIC, body).then((response) => {
      isAnswered = true;
      return response;
    });
    await expect.poll(() => pipelines.received.length).toBe(3);
    expect(isAnswered).toBe(false);
    release();
    expect((await answer).status).toBe(200);
  });

  test('is sent again when Customer.io is down for a moment', async () => {
    const setting = await startMessages();
    const { askAnonymously, pipelines } = setting;
    const handle = await handleOf(setting);
    pipelines.respond(() => ({ status: pipelines.received.length === 1 ? 503 : 200, body: '{}' }));
    expect((await askAnonymously(METRIC, { handle, metric: 'opened' })).status).toBe(200);
    const ids = pipelines.received.map(({ body }) => body.batch[0]?.['messageId']);
    expect(ids).toEqual([ids[0], ids[0]]);
  });
});

describe('a report is refused', () => {
  test('without a client key, with a wrong token, and with the token of another person', async () => {
    const setting = await startMessages();
    const { ask, askAnonymously, pipelines } = setting;
    const body = { handle: await handleOf(setting), metric: 'opened' };
    expect(await verdict(await askAnonymously(METRIC, body, { Authorization: '' }))).toBe(
      '401 invalid_client_key',
    );
    const wrongKey = { Authorization: `Basic ${btoa('another:')}` };
    expect(await verdict(await askAnonymously(METRIC, body, wrongKey))).toBe('401 invalid_client_key');
    const expired = bearer(await signed(claims({ exp: 1 })));
    expect(await fullVerdict(await askAnonymously(METRIC, body, expired))).toBe('401 invalid_token expired');
    expect(await verdict(await ask(METRIC, body, 'u2'))).toBe('403 subject_mismatch');
    expect(pipelines.received).toEqual([]);
    expect((await ask(METRIC, body, 'u1')).status).toBe(200);
  });

  test('with a handle that is forged, changed, or from another proxy', async () => {
    const setting = await startMessages();
    const handle = await handleOf(setting);
    const [payload = '', signature = ''] = handle.split('.');
    const forged = btoa(JSON.stringify(['person', 'u2', 9_999_999_999, 'd1'])).replace(/=+$/, '');
    const foreign = createHandles(() => 'another secret');
    const content = { recipient: { kind: 'person', id: 'u1' }, reported: { deliveryId: 'd1' } } as const;
    const tampered = Array.from(handle, (char, at) => {
      const other = char === '.' ? '_' : char === 'A' ? 'B' : 'A';
      return handle.slice(0, at) + other + handle.slice(at + 1);
    });
    // Every last character that means the same bytes to a careless decoder.
    for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
      if (!handle.endsWith(char)) tampered.push(handle.slice(0, -1) + char);
    const handles = [
      '',
      '.',
      'd1',
      payload,
      `${payload}.`,
      `.${signature}`,
      `${forged}.${signature}`,
      `${handle}=`,
      `${handle}.${signature}`,
      ` ${handle}`,
      'é.é',
      await foreign.sign(content),
      ...tampered,
    ];
    for (const each of handles) {
      const response = await setting.askAnonymously(METRIC, { handle: each, metric: 'opened' });
      expect(await verdict(response), each).toBe('400 invalid_handle');
    }
    expect(setting.pipelines.received).toEqual([]);
  });

  test.each([
    [{ metric: 'opened' }],
    [{ handle: 7, metric: 'opened' }],
    [{ handle: 'x' }],
    [{ handle: 'x', metric: 'converted' }],
    [{ handle: 'x', metric: 'opened', action: 'buy' }],
    [{ handle: 'x', metric: 'opened', action: { name: 7 } }],
    [{ handle: 'x', metric: 'opened', action: { value: 'x'.repeat(4_001) } }],
    [{ handle: 'x', metric: 'opened', messageId: '' }],
    [{ handle: 'x', metric: 'opened', messageId: 'x'.repeat(101) }],
    [{ handle: 'x', metric: 'opened', timestamp: 1 }],
    [{ handle: 'x', metric: 'opened', timestamp: 'yesterday' }],
    [[]],
  ])('with a body that is none: %j', async (body) => {
    const { askAnonymously } = await startMessages();
    expect(await verdict(await askAnonymously(METRIC, body))).toBe('400 invalid_body');
  });

  test('with a handle that has expired', async () => {
    const { askAnonymously, pipelines } = await startMessages();
    const { sign } = createHandles(() => WRITE_KEY);
    const content = { recipient: { kind: 'person', id: 'u1' }, reported: { deliveryId: 'd1' } } as const;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 32 * 86_400_000 });
    onTestFinished(() => void vi.useRealTimers());
    const old = await sign(content);
    vi.useRealTimers();
    const expired = await askAnonymously(METRIC, { handle: old, metric: 'opened' });
    expect(await verdict(expired)).toBe('400 invalid_handle');
    expect(pipelines.received).toEqual([]);
    const handle = await sign(content);
    expect((await askAnonymously(METRIC, { handle, metric: 'opened' })).status).toBe(200);
  });

  test('but never with 404', async () => {
    const proxy = createProxy({ writeKey: WRITE_KEY, clientKeys: [CLIENT_KEY] });
    const body = JSON.stringify({ handle: 'x.y', metric: 'opened' });
    expect(await verdict(await proxy.fetch(post([], { path: METRIC, body })))).toBe('400 invalid_handle');
  });

  test.each(['Report Delivery Event', 'Report Content Event', 'report  delivery event'])(
    'as the event %j of a batch, with and without a token',
    async (name) => {
      const { ask, proxy, pipelines } = await startMessages();
      const batch = [
        event({ event: name, userId: 'u1', properties: { deliveryId: 'd1', metric: 'opened' } }),
      ];
      expect(await verdict(await proxy.fetch(post(batch)))).toBe('400 privileged_event');
      expect(await verdict(await ask('/v1/batch', { batch }))).toBe('400 privileged_event');
      expect(pipelines.received).toEqual([]);
    },
  );
});

describe('the secret of handles', () => {
  const HANDLE_SECRET = 'a secret of message handles, 32 bytes';

  test('is derived from the write key, so that copies of a proxy agree', async () => {
    const [one, other] = await Promise.all([startMessages(), startMessages()]);
    const handle = await handleOf(one);
    expect((await other.ask(METRIC, { handle, metric: 'opened' })).status).toBe(200);
    const third = await startMessages({ writeKey: 'another-write-key' });
    expect(await verdict(await third.ask(METRIC, { handle, metric: 'opened' }))).toBe('400 invalid_handle');
  });

  test('can be an option, also a function', async () => {
    const one = await startMessages({ inApp: { siteId: SITE_ID, handleSecret: HANDLE_SECRET } });
    const other = await startMessages({
      inApp: { siteId: SITE_ID, handleSecret: async () => HANDLE_SECRET },
    });
    const handle = await handleOf(one);
    expect((await other.ask(METRIC, { handle, metric: 'opened' })).status).toBe(200);
    const third = await startMessages();
    expect(await verdict(await third.ask(METRIC, { handle, metric: 'opened' }))).toBe('400 invalid_handle');
  });

  test.each([
    ['throws', () => Promise.reject(new Error(HANDLE_SECRET))],
    ['returns a short text', () => 'short'],
  ])('that %s stops the calls, and is not shown', async (_, handleSecret) => {
    const { ask, log } = await startMessages({ inApp: { siteId: SITE_ID, handleSecret } });
    for (const [path, body] of [
      [FETCH, {}],
      [METRIC, { handle: `${'A'.repeat(10)}.${'A'.repeat(43)}`, metric: 'opened' }],
    ] as const) {
      const response = await ask(path, body);
      expect(await verdict(response)).toBe('503 upstream_misconfigured');
      expect(log.at(-1)?.detail).toMatch(/^The function "handleSecret" /);
    }
    expect(JSON.stringify(log)).not.toContain(HANDLE_SECRET);
  });

  test('is not needed where tokens are required: the handle says who the person is', async () => {
    const setting = await startMessages({ customerToken: { secret: SECRET, mode: 'required' } });
    const handle = await handleOf(setting);
    const { askAnonymously, pipelines } = setting;
    expect((await askAnonymously(METRIC, { handle, metric: 'opened' })).status).toBe(200);
    expect(pipelines.received[0]?.body.batch[0]).toMatchObject({ userId: 'u1' });
  });
});
