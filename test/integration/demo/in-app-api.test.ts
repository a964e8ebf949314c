// @vitest-environment node
/** The in-app API of the stand-in: queue, inbox, reports, branding and templates. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { broadcast, message } from '../../support/site/in-app-message.ts';
import type { StandIn } from '../../support/site/stand-in.ts';
import { askFor, fetchQueue, headersFor, idsIn, type Running, startStandIn } from './in-app-setup.ts';

let running: Running;
let origin: string;
let standIn: StandIn;
const inboxMessage = { queueId: 'i1', opened: false };

beforeEach(async () => {
  running = await startStandIn();
  ({ origin, standIn } = running);
  await standIn.setPeople({ ann: { messages: [inboxMessage] } });
  await standIn.setMessages('ann', [message({ queueId: 'q1' }), message({ queueId: 'q2' })]);
});
afterEach(() => running.stop());

describe('the queue', () => {
  test('has queue and inbox of one person, and nothing of another', async () => {
    await standIn.setMessages('bob', [message({ queueId: 'b1' })]);
    expect(await idsIn(await fetchQueue(origin, 'ann'))).toEqual({ queue: ['q1', 'q2'], inbox: ['i1'] });
    expect(await idsIn(await fetchQueue(origin, 'bob'))).toEqual({ queue: ['b1'], inbox: [] });
  });

  test('is found by a user token of UTF-8', async () => {
    await standIn.setMessages('ユーザー1', [message({ queueId: 'u1' })]);
    expect(await idsIn(await fetchQueue(origin, 'ユーザー1'))).toEqual({ queue: ['u1'], inbox: [] });
    expect(await standIn.messageRequests('queue')).toEqual([
      expect.objectContaining({ userId: 'ユーザー1', isGuest: false }),
    ]);
  });

  test('can be set with the people', async () => {
    await standIn.setPeople({ cy: { inAppMessages: [message({ queueId: 'c1' })] } });
    expect(await idsIn(await fetchQueue(origin, 'cy'))).toEqual({ queue: ['c1'], inbox: [] });
    expect((await fetchQueue(origin, 'ann')).status).toBe(204);
  });

  test('sends the three headers, with values of the test, or without', async () => {
    const NAMES = ['x-gist-queue-polling-interval', 'x-cio-use-sse', 'x-cio-inbox-enabled'];
    const sent = async (): Promise<unknown> => {
      const { headers } = await fetchQueue(origin, 'ann');
      return NAMES.map((name) => headers.get(name));
    };
    expect(await sent()).toEqual(['600', 'false', 'true']);
    await standIn.inAppSettings({ pollingInterval: 10, useSse: true, inboxEnabled: false });
    expect(await sent()).toEqual(['10', 'true', 'false']);
    await standIn.inAppSettings({ pollingInterval: 'soon' });
    expect(await sent()).toEqual(['soon', 'true', 'false']);
    await standIn.inAppSettings({ pollingInterval: null, useSse: null, inboxEnabled: null });
    expect(await sent()).toEqual([null, null, null]);
  });

  test('responds with 204 or 304 without a body, and with the headers', async () => {
    for (const [queue, status] of [
      ['empty', 204],
      ['unchanged', 304],
    ] as const) {
      await standIn.inAppSettings({ queue });
      const response = await fetchQueue(origin, 'ann');
      expect([response.status, await response.text()]).toEqual([status, '']);
      expect(response.headers.get('x-gist-queue-polling-interval')).toBe('600');
    }
  });

  test('responds with 304 to a session that has received the same lists', async () => {
    await standIn.inAppSettings({ queue: 'unchanged-by-session' });
    const status = async (session: string, userId = 'ann'): Promise<number> =>
      (await fetchQueue(origin, userId, { session })).status;
    expect([await status('s1'), await status('s1'), await status('s2')]).toEqual([200, 304, 200]);
    await askFor(origin, 'ann', 'POST', '/api/v1/logs/queue/q1', {});
    expect([await status('s1'), await status('s1')]).toEqual([200, 304]);
  });

  test('gives a guest broadcasts only, and a person both', async () => {
    await standIn.setBroadcasts([broadcast({ queueId: 'all' })]);
    const guest = '6f9f8ee0-0d43-4f5c-8a3c-5a0f3d1f7a11';
    expect(await idsIn(await fetchQueue(origin, guest, { isGuest: true }))).toEqual({
      queue: ['all'],
      inbox: [],
    });
    // The header decides, also where the token is the id of a person.
    expect(await idsIn(await fetchQueue(origin, 'ann', { isGuest: true }))).toEqual({
      queue: ['all'],
      inbox: [],
    });
    expect(await idsIn(await fetchQueue(origin, 'ann'))).toEqual({
      queue: ['q1', 'q2', 'all'],
      inbox: ['i1'],
    });
    expect((await standIn.messageRequests('queue')).map(({ isGuest }) => isGuest)).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('reports', () => {
  test('"seen" removes a message from the queue, and from the inbox', async () => {
    expect((await askFor(origin, 'ann', 'POST', '/api/v1/logs/queue/q1', {})).status).toBe(200);
    expect((await askFor(origin, 'ann', 'POST', '/api/v1/logs/queue/i1', {})).status).toBe(200);
    expect((await askFor(origin, 'ann', 'POST', '/api/v1/logs/queue/q1', {})).status).toBe(404);
    expect(await idsIn(await fetchQueue(origin, 'ann'))).toEqual({ queue: ['q2'], inbox: [] });
    expect(Object.keys(await standIn.messages())).toEqual(['ann']);
    expect((await standIn.messages())['ann']).toHaveLength(1);
  });

  test('"seen" of a broadcast leaves it to others', async () => {
    await standIn.setBroadcasts([broadcast({ queueId: 'all' })]);
    expect((await askFor(origin, 'ann', 'POST', '/api/v1/logs/queue/all', {})).status).toBe(200);
    expect(await idsIn(await fetchQueue(origin, 'g', { isGuest: true }))).toMatchObject({ queue: ['all'] });
  });

  test('"seen" of a message of another person is 404, and removes nothing', async () => {
    expect((await askFor(origin, 'bob', 'POST', '/api/v1/logs/queue/q1', {})).status).toBe(404);
    expect(await idsIn(await fetchQueue(origin, 'ann'))).toMatchObject({ queue: ['q1', 'q2'] });
  });

  test('"opened" sets the state of an inbox message, both ways', async () => {
    const state = async (): Promise<unknown> => (await standIn.people())['ann']?.messages[0]?.opened;
    expect((await askFor(origin, 'ann', 'PATCH', '/api/v1/messages/i1', { opened: true })).status).toBe(200);
    expect(await state()).toBe(true);
    expect((await askFor(origin, 'ann', 'PATCH', '/api/v1/messages/i1', { opened: false })).status).toBe(200);
    expect(await state()).toBe(false);
    expect((await askFor(origin, 'ann', 'PATCH', '/api/v1/messages/i1', { opened: 'no' })).status).toBe(400);
    expect((await askFor(origin, 'ann', 'PATCH', '/api/v1/messages/none', { opened: true })).status).toBe(
      404,
    );
  });

  test('"shown" is recorded, with the id in its path', async () => {
    expect((await askFor(origin, 'ann', 'POST', '/api/v1/logs/message/a%2Fb', {})).status).toBe(200);
    expect(await standIn.messageRequests('shown')).toEqual([
      expect.objectContaining({
        path: '/api/v1/logs/message/a%2Fb',
        userId: 'ann',
        body: '{}',
        outcome: 200,
      }),
    ]);
  });
});

test('branding and templates have the documented form, or that of the test', async () => {
  const read = async (name: string): Promise<unknown> =>
    (await askFor(origin, 'ann', 'GET', `/api/v1/${name}`)).json();
  expect(await read('branding')).toMatchObject({
    theme: expect.any(String),
    patterns: {
      inbox: { floatingIcon: { svg: expect.stringContaining('<svg') } },
      modes: { dark: { inbox: {} } },
    },
  });
  expect(await read('templates')).toEqual({ default: [{ version: '1', root: expect.any(Object) }] });
  await standIn.inAppSettings({ branding: { theme: 'dark' }, templates: {} });
  expect([await read('branding'), await read('templates')]).toEqual([{ theme: 'dark' }, {}]);
});

test.each([
  ['another site', 401, 'POST', '/api/v4/users?sessionId=s', { ...headersFor('ann'), 'X-CIO-Site-Id': 'x' }],
  ['no token', 401, 'GET', '/api/v1/branding', headersFor('')],
  ['the wrong method', 405, 'GET', '/api/v1/logs/queue/q1', headersFor('ann')],
  ['no session', 400, 'POST', '/api/v4/users', headersFor('ann')],
  ['a preview', 404, 'POST', '/api/v1/preview/u2', headersFor('ann')],
])('responds to %s with %i', async (_, status, method, path, headers) => {
  expect((await fetch(origin + path, { method, headers })).status).toBe(status);
  expect(await standIn.messageRequests()).toEqual([expect.objectContaining({ method, outcome: status })]);
});

describe('for the page itself', () => {
  test('allows other origins, with its headers', async () => {
    const preflight = await fetch(`${origin}/api/v4/users?sessionId=s`, { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('X-Gist-Encoded-User-Token');
    const { headers } = await fetchQueue(origin, 'ann');
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('access-control-expose-headers')).toContain('x-cio-use-sse');
    expect(await standIn.messageRequests()).toHaveLength(1);
  });
});
