// @vitest-environment node
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { close, listen } from '../../../demo/http.ts';
import { createPipelines } from '../../../demo/pipelines/pipelines.ts';

const APP = { Authorization: 'Bearer app-key' };
const inApp = (userId: string): Record<string, string> => ({
  'X-CIO-Site-Id': 'site-id',
  'X-Gist-Encoded-User-Token': Buffer.from(userId).toString('base64'),
});
const MESSAGES = [
  { queueId: 'q1', opened: false },
  { queueId: 'q2', opened: false },
];
const TOPICS = [{ id: 1, name: 'News', subscribed: true }];

let origin: string;
let stop: () => Promise<void>;

beforeEach(async () => {
  const server = createServer(createPipelines({ writeKey: 'secret' }).listener);
  origin = await listen(server, 0);
  stop = () => close(server);
  await ask('PUT', '/_control/people', {}, { ann: { attributes: { plan: 'pro' }, topics: TOPICS }, bo: {} });
});
afterEach(() => stop());

async function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: unknown,
): Promise<readonly [status: number, body: unknown]> {
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(origin + path, { method, headers, ...init });
  const text = await response.text();
  return [response.status, text === '' ? null : JSON.parse(text)];
}

describe('the App API', () => {
  test('returns attributes and subscriptions of a person', async () => {
    expect(await ask('GET', '/v1/customers/ann/attributes?id_type=id', APP)).toEqual([
      200,
      { customer: { id: 'ann', attributes: { plan: 'pro' } } },
    ]);
    expect(await ask('GET', '/v1/customers/ann/subscription_preferences?id_type=id', APP)).toEqual([
      200,
      { customer: { id: 'ann', topics: TOPICS } },
    ]);
  });

  test.each([
    ['without its key', 401, 'GET', 'ann/attributes?id_type=id', {}],
    ['with another key', 401, 'GET', 'ann/attributes?id_type=id', { Authorization: 'Bearer other' }],
    ['of somebody unknown', 404, 'GET', 'zed/attributes?id_type=id', APP],
    ['without id_type', 400, 'GET', 'ann/attributes', APP],
    ['by POST', 405, 'POST', 'ann/attributes?id_type=id', APP],
  ])('responds to %s with %i', async (_, status, method, path, headers) => {
    expect((await ask(method, `/v1/customers/${path}`, headers))[0]).toBe(status);
  });
});

describe('the in-app service', () => {
  beforeEach(() => ask('PUT', '/_control/people', {}, { ann: { messages: MESSAGES } }));

  test('returns, opens and removes messages', async () => {
    const fetchInbox = () => ask('POST', '/api/v4/users?sessionId=s', inApp('ann'));
    expect(await fetchInbox()).toEqual([200, { inboxMessages: MESSAGES, inAppMessages: [] }]);
    expect(await ask('PATCH', '/api/v1/messages/q1', inApp('ann'))).toEqual([200, {}]);
    expect(await ask('POST', '/api/v1/logs/queue/q2', inApp('ann'))).toEqual([200, {}]);
    expect(await fetchInbox()).toEqual([
      200,
      { inboxMessages: [{ queueId: 'q1', opened: true }], inAppMessages: [] },
    ]);
  });

  test.each([
    ['nobody', 401, 'POST', '/api/v4/users?sessionId=s', inApp('')],
    ['another site', 401, 'POST', '/api/v4/users?sessionId=s', { ...inApp('ann'), 'X-CIO-Site-Id': 'x' }],
    ['somebody unknown', 204, 'POST', '/api/v4/users?sessionId=s', inApp('zed')],
    ['a message of another', 404, 'PATCH', '/api/v1/messages/q1', inApp('zed')],
    ['no session', 400, 'POST', '/api/v4/users', inApp('ann')],
    ['the wrong method', 405, 'GET', '/api/v1/messages/q1', inApp('ann')],
  ])('responds to %s with %i', async (_, status, method, path, headers) => {
    expect((await ask(method, path, headers))[0]).toBe(status);
  });
});

describe('the control path', () => {
  test('lists the requests to the services, and their responses', async () => {
    await ask('GET', '/v1/customers/ann/attributes?id_type=id', APP);
    await ask('POST', '/api/v4/users?sessionId=s', inApp('bo'));
    expect(await ask('GET', '/_control/people/questions')).toEqual([
      200,
      {
        questions: [
          { service: 'app', userId: 'ann', method: 'GET', path: '/v1/customers/ann/attributes', status: 200 },
          { service: 'in-app', userId: 'bo', method: 'POST', path: '/api/v4/users', status: 200 },
        ],
      },
    ]);
  });

  test('makes the services fail, for one person or for all', async () => {
    const statuses = async (): Promise<readonly number[]> => [
      (await ask('GET', '/v1/customers/ann/attributes?id_type=id', APP))[0],
      (await ask('POST', '/api/v4/users?sessionId=s', inApp('bo')))[0],
    ];
    await ask('POST', '/_control/people/faults', {}, { status: 503, userId: 'bo' });
    expect(await statuses()).toEqual([200, 503]);
    await ask('POST', '/_control/people/faults', {}, { userId: null });
    expect(await statuses()).toEqual([503, 503]);
  });

  test('forgets all people and faults', async () => {
    await ask('POST', '/_control/people/faults', {}, { status: 503 });
    await ask('DELETE', '/_control/people');
    expect(await ask('GET', '/_control/people')).toEqual([200, {}]);
    expect((await ask('GET', '/v1/customers/ann/attributes?id_type=id', APP))[0]).toBe(404);
    expect(await ask('GET', '/_control/people/questions')).toMatchObject([200, { questions: [{}] }]);
  });

  test.each([
    ['PUT', '/_control/people', 400, []],
    ['POST', '/_control/people/faults', 400, { status: 1 }],
    ['GET', '/_control/people/nothing', 404, undefined],
  ])('%s %s responds with %i to unknown input', async (method, path, status, body) => {
    expect((await ask(method, path, {}, body))[0]).toBe(status);
  });
});
