// @vitest-environment node
/** Private calls: the person is the one of the token, and bodies are checked. */
import { describe, expect, test } from 'vitest';
import { claims, signed } from './key-server.ts';
import { listen } from './listen.ts';
import { bearer, fullVerdict } from './setup.ts';
import { ATTRIBUTES, CATEGORIES, FETCH, READ, DELETE, ALL, start } from './private-calls-setup.ts';

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
