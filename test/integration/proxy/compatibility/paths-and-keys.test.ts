// @vitest-environment node
/** Paths, client keys, media types and origins of requests of other SDKs. */
import { describe, expect, test } from 'vitest';
import { basicAuthorization } from '../../../../src/protocol/wire.ts';
import { CLIENT_KEY, event, verdict } from '../setup.ts';
import { rejectedIn, text, withStandIn } from './compatibility-setup.ts';

const start = withStandIn();
const TYPES = ['track', 'identify', 'page', 'screen', 'group', 'alias'] as const;
const VISITOR = '5b9c4b60-6d1f-4a7e-9a55-3f6c1f0a9d01';
/** The fields that Customer.io needs for each type. */
const FIELDS = {
  track: { event: 'One' },
  identify: { traits: {} },
  page: { name: 'Home' },
  screen: { name: 'Home' },
  group: { groupId: 'g1' },
  alias: { anonymousId: VISITOR, previousId: VISITOR },
};

describe('without the option', () => {
  test.each(['/t', '/track', '/b', '/identify', `/projects/${CLIENT_KEY}/settings`])(
    'the path /v1%s responds 404, as before',
    async (path) => {
      const { send, proxy, url } = await start({ compatibility: undefined });
      const response = await send(text(path, event()));
      expect(await verdict(response)).toBe('404 not_found');
      expect((await proxy.fetch(new Request(`${url}/v1${path}`))).status).toBe(404);
    },
  );

  test('a batch has its client key in a header, and is JSON', async () => {
    const { send } = await start({ compatibility: false });
    expect(await verdict(await send(text('/batch', { batch: [] })))).toBe('401 invalid_client_key');
    const headers = { Authorization: basicAuthorization(CLIENT_KEY) };
    expect(await verdict(await send(text('/batch', { batch: [] }, headers)))).toBe(
      '415 unsupported_media_type',
    );
  });
});

describe('a single call', () => {
  test.each(TYPES.flatMap((type) => [type, type.slice(0, 1)].map((path) => [path, type] as const)))(
    'to /v1/%s is an event of type %s',
    async (path, type) => {
      const { send, standIn } = await start();
      const { type: _, ...fields } = event({ userId: 'u1', event: undefined, ...FIELDS[type] });
      const response = await send(text(`/${path}`, { ...fields, sentAt: new Date().toISOString() }));
      expect(await response.json()).toEqual({ success: true });
      const [arrived, ...more] = await standIn.events();
      expect(arrived).toEqual({ ...fields, type, receivedAt: arrived?.receivedAt });
      expect(more).toEqual([]);
      expect((await standIn.requests()).map((request) => request.path)).toEqual(['/v1/batch']);
    },
  );

  test('has the type of its path, and not another one of its body', async () => {
    const { send, standIn } = await start();
    expect((await send(text('/track', event({ type: 'alias' })))).status).toBe(200);
    expect(await standIn.events()).toMatchObject([{ type: 'track' }]);
  });

  test('without a messageId gets none of the proxy', async () => {
    const { send, proxy, standIn } = await start();
    expect(proxy).toBeDefined();
    const { messageId: _, ...fields } = event();
    expect((await send(text('/t', fields))).status).toBe(200);
    expect((await standIn.requests())[0]?.bytes).toBe(
      JSON.stringify({ batch: [{ type: 'track', ...without(fields, 'type') }] }).length,
    );
  });

  test.each([
    ['of an unknown type', '/x', '404 not_found'],
    ['with a slash at its end', '/t/', '200'],
    ['that no path has', '/tracks', '404 not_found'],
    ['in capital letters', '/T', '404 not_found'],
  ])('%s', async (_, path, expected) => {
    const { send } = await start();
    expect(await verdict(await send(text(path, event())))).toBe(expected);
  });

  test.each([
    ['no JSON', 'event=One', '400 invalid_json'],
    ['a list', '[]', '400 invalid_batch'],
    ['half of an object', '{"event":"One"', '400 invalid_json'],
    ['two objects', '{"event":"One"}{}', '400 invalid_json'],
    ['no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), '400 invalid_json'],
    ['a number too deep', `{"properties":${'['.repeat(200)}1${']'.repeat(200)}}`, '400 invalid_batch'],
    ['no event name', JSON.stringify({ writeKey: CLIENT_KEY, userId: 'u1' }), '400 invalid_event'],
    [
      'a field that servers may read as the type',
      JSON.stringify({ writeKey: CLIENT_KEY, userId: 'u1', event: 'One', Type: 'alias' }),
      '400 invalid_event',
    ],
  ])('whose body is %s', async (_, body, expected) => {
    const { url } = await start();
    const headers = { 'Content-Type': 'text/plain' };
    expect(await verdict(await fetch(`${url}/v1/track`, { method: 'POST', headers, body }))).toBe(expected);
  });
});

const without = (fields: Readonly<Record<string, unknown>>, name: string): object =>
  Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));

describe('the client key', () => {
  const BASIC = { Authorization: basicAuthorization(CLIENT_KEY) };
  const WRONG = { Authorization: basicAuthorization('unknown') };
  test.each([
    ['in Authorization', '/b', { batch: [event()], writeKey: undefined }, BASIC, '200'],
    ['in the body of a batch', '/b', { batch: [event()] }, {}, '200'],
    [
      'in an event of a batch',
      '/b',
      { batch: [event({ writeKey: CLIENT_KEY })], writeKey: undefined },
      {},
      '200',
    ],
    ['in Authorization of /v1/batch', '/batch', { batch: [event()] }, BASIC, '200'],
    ['in the body of /v1/batch', '/batch', { batch: [event()] }, {}, '200'],
    ['in X-CIO-Client-Key', '/t', event({ writeKey: undefined }), { 'X-CIO-Client-Key': CLIENT_KEY }, '200'],
    ['in Authorization of a single call', '/track', event({ writeKey: undefined }), BASIC, '200'],
    ['nowhere', '/t', event({ writeKey: undefined }), {}, '401 invalid_client_key'],
    ['nowhere in a batch', '/b', { batch: [event()], writeKey: undefined }, {}, '401 invalid_client_key'],
    ['as a number', '/t', event({ writeKey: 7 }), {}, '401 invalid_client_key'],
    ['that is unknown', '/t', event({ writeKey: 'unknown' }), {}, '401 invalid_client_key'],
    ['that is unknown, in the header', '/t', event(), WRONG, '401 invalid_client_key'],
  ])('%s', async (_, path, body, headers, expected) => {
    const { send, standIn } = await start();
    expect(await verdict(await send(text(path, body, headers)))).toBe(expected);
    const sent = JSON.stringify([await standIn.events(), await standIn.requests()]);
    expect(sent).not.toMatch(/writeKey/i);
    expect((await standIn.events()).length).toBe(expected === '200' ? 1 : 0);
  });

  test.each(['writeKey', 'WRITEKEY', 'writekey', 'write\\u004bey'])(
    'written as %s never goes to Customer.io',
    async (name) => {
      const { url, standIn } = await start();
      const body = `{"batch":[{"${name}":"${CLIENT_KEY}","type":"track","event":"One","userId":"u1","sentAt":"2026-01-02T03:04:05.000Z"}]}`;
      const headers = { 'Content-Type': 'text/plain', ...BASIC };
      expect((await fetch(`${url}/v1/b`, { method: 'POST', headers, body })).status).toBe(200);
      const [arrived] = await standIn.events();
      expect(Object.keys(arrived ?? {}).sort()).toEqual(
        ['event', 'messageId', 'receivedAt', 'timestamp', 'type', 'userId'].sort(),
      );
    },
  );

  test('with characters outside ASCII is found in the path, in the body and in the header', async () => {
    const key = 'schlüssel-日本';
    const { send, standIn } = await start({ clientKeys: [key] });
    const settings = {
      method: 'GET',
      path: `/projects/${encodeURIComponent(key)}/settings`,
      headers: {},
    } as const;
    expect(await (await send(settings)).json()).toMatchObject({
      integrations: { 'Customer.io Data Pipelines': { apiKey: key } },
    });
    expect((await send(text('/t', event({ writeKey: key })))).status).toBe(200);
    const headers = { Authorization: basicAuthorization(key) };
    expect((await send(text('/t', event({ writeKey: undefined }), headers))).status).toBe(200);
    expect(await standIn.events()).toHaveLength(2);
  });

  test('may be checked by a function, which gets the request', async () => {
    const asked: unknown[] = [];
    const { send } = await start({
      clientKeys: (key, request) => asked.push([key, request.headers.get('User-Agent')]) > 0,
    });
    expect((await send(text('/t', event(), { 'User-Agent': 'App/1' }))).status).toBe(200);
    expect(asked).toEqual([[CLIENT_KEY, 'App/1']]);
  });

  test('counts for the rate limit of its key once for each request', async () => {
    const { send } = await start({ rateLimit: { perKey: 2 } });
    const statuses = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await send(text('/t', event()))).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  test('is not in the log, which has the path of the settings', async () => {
    const { send, log } = await start();
    await send({ method: 'GET', path: `/projects/${CLIENT_KEY}/settings`, headers: {} });
    await send({ method: 'GET', path: '//projects//a-write-key/settings/more', headers: {} });
    expect(log.map(({ path }) => path)).toEqual([
      '/e/v1/projects/…/settings',
      '/e/v1//projects//…/settings/more',
    ]);
  });

  test('is not in the log of a proxy whose option is off', async () => {
    const { send, log } = await start({ compatibility: false });
    const { status } = await send({ method: 'GET', path: '/projects/a-write-key/settings', headers: {} });
    expect([status, log.map(({ path }) => path)]).toEqual([404, ['/e/v1/projects/…/settings']]);
  });
});

describe('an event keeps the bytes of its values', () => {
  test('numbers that a parser would round, and escapes', async () => {
    const { url, standIn } = await start();
    const properties = '{"id":12345678901234567890,"price":1.50,"name":"\\u00e4 \\/ \\u2028"}';
    const body = `{"batch":[{"type":"track","event":"One","userId":"u1","properties":${properties},"writeKey":"${CLIENT_KEY}"}]}`;
    expect((await fetch(`${url}/v1/b`, { method: 'POST', body })).status).toBe(200);
    const sent = `{"batch":[{"type":"track","event":"One","userId":"u1","properties":${properties}}]}`;
    expect((await standIn.requests())[0]?.bytes).toBe(sent.length);
  });
});

test('a batch may have more events with needless escapes than the proxy rewrites in one batch', async () => {
  const { url, standIn } = await start();
  // As some writers of JSON escape `=` and `<`.
  const events = ['One', 'Two', 'Three', 'Four'].map(
    (name) =>
      `{"type":"track","event":"${name}","userId":"u1","properties":{"url":"?a\\u003d1","text":"${'x'.repeat(25_000)}"}}`,
  );
  const body = `{"writeKey":"${CLIENT_KEY}","batch":[${events.join(',')},{"type":"none"}]}`;
  const rejected = await rejectedIn(await fetch(`${url}/v1/b`, { method: 'POST', body }));
  expect(rejected).toHaveLength(1);
  expect(await standIn.names()).toEqual(['One', 'Two', 'Three', 'Four']);
  expect((await standIn.events())[0]).toMatchObject({ properties: { url: '?a=1' } });
});

describe('the origin of a page', () => {
  const PAGE = 'https://shop.example.com';
  const call = (origin: string) => text('/t', event(), { Origin: origin });

  test('is checked also where the browser sends no preflight', async () => {
    const { send, standIn } = await start({ origins: [PAGE] });
    expect(await verdict(await send(call('https://evil.example.com')))).toBe('403 origin_not_allowed');
    expect(await standIn.requests()).toEqual([]);
    const response = await send(call(PAGE));
    expect([response.status, response.headers.get('Access-Control-Allow-Origin')]).toEqual([200, PAGE]);
  });

  test('is checked for a key of some pages; an app sends no origin, and may use the key', async () => {
    const { send } = await start({
      origins: [PAGE, 'https://blog.example.com'],
      clientKeys: [{ key: CLIENT_KEY, origins: [PAGE] }],
    });
    expect(await verdict(await send(call('https://blog.example.com')))).toBe('403 origin_not_allowed');
    expect((await send(call(PAGE))).status).toBe(200);
    expect((await send(text('/t', event()))).status).toBe(200);
  });

  test('may read the settings', async () => {
    const { url } = await start({ origins: [PAGE] });
    const get = (origin: string) =>
      fetch(`${url}/v1/projects/${CLIENT_KEY}/settings`, { headers: { Origin: origin } });
    const response = await get(PAGE);
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe(PAGE);
    const host = `${new URL(url).host}/e/v1`;
    expect(await response.json()).toMatchObject({
      integrations: { 'Customer.io Data Pipelines': { apiKey: CLIENT_KEY, apiHost: host, protocol: 'http' } },
    });
    expect(await verdict(await get('https://evil.example.com'))).toBe('403 origin_not_allowed');
  });
});

describe('the settings', () => {
  const PATH = `https://internal:8080/e/v1/projects/${CLIENT_KEY}/settings`;
  const host = async (headers: Record<string, string>, url = PATH): Promise<unknown> => {
    const { proxy } = await start({ origins: ['https://shop.example.com'] });
    const response = await proxy.fetch(new Request(url, { headers }));
    const { integrations } = (await response.json()) as { integrations: Record<string, object> };
    return { ...integrations['Customer.io Data Pipelines'], apiKey: undefined };
  };

  test.each([
    [
      'the page itself, whatever the server in front of the proxy has made of the host',
      { 'Sec-Fetch-Site': 'same-origin', Referer: 'https://shop.example.com/cart', Host: 'internal:8080' },
      { apiHost: 'shop.example.com/e/v1', protocol: 'https' },
    ],
    [
      'X-Forwarded-Host for a page of another origin',
      { Origin: 'https://shop.example.com', Host: 'internal:8080', 'X-Forwarded-Host': 'e.example.com, x' },
      { apiHost: 'e.example.com/e/v1', protocol: 'https' },
    ],
    ['nothing for an app', { 'User-Agent': 'analytics-ios/1.7.3' }, {}],
  ])('name the host of %s', async (_, headers, expected) => {
    expect(await host(headers)).toEqual({ ...expected, apiKey: undefined });
  });

  test.each([
    ['an unknown key', '/projects/unknown/settings', '401 invalid_client_key'],
    ['no key', '/projects//settings', '404 not_found'],
    ['a key that cannot be decoded', '/projects/%E0%A4%A/settings', '401 invalid_client_key'],
  ])('for %s', async (_, path, expected) => {
    const { send } = await start();
    expect(await verdict(await send({ method: 'GET', path, headers: {} }))).toBe(expected);
  });

  test('are read with GET', async () => {
    const { send } = await start();
    expect(await verdict(await send(text(`/projects/${CLIENT_KEY}/settings`, {})))).toBe(
      '405 method_not_allowed',
    );
  });
});
