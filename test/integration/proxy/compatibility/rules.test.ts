// @vitest-environment node
/** The rules for events of other SDKs: customer tokens, devices, hooks, clocks, IP addresses, metrics. */
import { describe, expect, test } from 'vitest';
import { claims, SECRET, signed } from '../key-server.ts';
import { bearer, CLIENT_KEY, event, fullVerdict, verdict } from '../setup.ts';
import { rejectedIn, text, withStandIn } from './compatibility-setup.ts';

const start = withStandIn();
const device = (fields: object = {}): Record<string, unknown> =>
  event({
    event: 'Device Created or Updated',
    userId: 'u1',
    context: { device: { token: 'fcm-token-1', type: 'android' } },
    properties: { app_version: '3.2.1' },
    ...fields,
  });

describe.each(['required', 'report'] as const)('in mode %s, an event about a device', (mode) => {
  const customerToken = { secret: SECRET, mode };

  test.each(['Device Created or Updated', 'Device Deleted', 'device  created or updated'])(
    'passes with a token of that person: %s',
    async (name) => {
      const { send, standIn } = await start({ customerToken });
      const headers = { Authorization: `Bearer ${await signed(claims())}` };
      const sent = device({ event: name });
      expect((await send(text('/track', sent, headers))).status).toBe(200);
      const [arrived] = await standIn.events();
      expect(arrived).toEqual({ ...sent, receivedAt: arrived?.receivedAt });
    },
  );

  test('passes with the client key in its header, in a batch, beside other events', async () => {
    const { send, standIn } = await start({ customerToken });
    const headers = bearer(await signed(claims()));
    const batch = [event({ event: 'One', userId: 'u1' }), device(), event({ event: 'Two', userId: 'u1' })];
    for (const path of ['/b', '/batch'])
      expect(
        await rejectedIn(await send(text(path, { batch, writeKey: undefined }, headers))),
      ).toBeUndefined();
    expect(await standIn.names()).toEqual(['One', 'Device Created or Updated', 'Two']);
  });

  test('is refused without a token', async () => {
    const { send, standIn, log } = await start({ customerToken });
    expect(await verdict(await send(text('/t', device())))).toBe('400 privileged_event');
    expect(await verdict(await send(text('/b', { batch: [device()] })))).toBe('400 privileged_event');
    expect(await verdict(await send(text('/batch', { batch: [device()] })))).toBe('400 privileged_event');
    expect(await standIn.requests()).toEqual([]);
    expect(log[0]).toMatchObject({ error: 'privileged_event', rejected: { token_required: 1 } });
  });

  test.each([
    ['of another person', { userId: 'u2' }, '403 subject_mismatch'],
    [
      'of another person, by a name that servers may read as userId',
      { USERID: 'u2' },
      '403 subject_mismatch',
    ],
    ['whose traits are of another person', { context: { traits: { id: 'u2' } } }, '403 subject_mismatch'],
    ['of nobody', { userId: undefined }, '400 privileged_event'],
    ['that deletes a person', { event: 'User Deleted' }, '400 privileged_event'],
    ['that reports a delivery', { event: 'Report Delivery Event' }, '400 privileged_event'],
  ])('is refused with a token: %s', async (_, fields, expected) => {
    const { send, standIn } = await start({ customerToken });
    const headers = { Authorization: `Bearer ${await signed(claims())}` };
    expect(await verdict(await send(text('/track', device(fields), headers)))).toBe(expected);
    expect(await standIn.requests()).toEqual([]);
  });

  test('is refused with a token that has expired', async () => {
    const { send, standIn } = await start({ customerToken });
    const expired = await signed(claims({ iat: 1_000, exp: 2_000 }));
    const response = await send(text('/track', device(), { Authorization: `Bearer ${expired}` }));
    expect(await fullVerdict(response)).toBe('401 invalid_token expired');
    expect(await standIn.requests()).toEqual([]);
  });

  test('is not remembered as allowed: the next one without a token is refused', async () => {
    const { send, standIn } = await start({ customerToken });
    const headers = { Authorization: `Bearer ${await signed(claims())}` };
    for (let i = 0; i < 2; i += 1) {
      expect((await send(text('/track', device(), headers))).status).toBe(200);
      expect(await verdict(await send(text('/track', device())))).toBe('400 privileged_event');
    }
    expect(await standIn.events()).toHaveLength(2);
  });
});

test('an event about a device is refused for a token, where the proxy knows no tokens', async () => {
  const { send, standIn } = await start();
  const headers = { Authorization: `Bearer ${await signed(claims())}` };
  expect(await fullVerdict(await send(text('/track', device(), headers)))).toBe('401 invalid_token');
  expect(await verdict(await send(text('/track', device())))).toBe('400 privileged_event');
  expect(await standIn.requests()).toEqual([]);
});

test('without the option an event about a device is refused also with a token', async () => {
  const customerToken = { secret: SECRET, mode: 'required' as const };
  const { send } = await start({ customerToken, compatibility: false });
  const headers = bearer(await signed(claims()), { 'Content-Type': 'application/json' });
  expect(await verdict(await send(text('/batch', { batch: [device()] }, headers)))).toBe(
    '400 privileged_event',
  );
});

describe('the mode required', () => {
  test('takes events of nobody, and refuses those of persons alone, which these SDKs then do not repeat', async () => {
    const { send, standIn } = await start({ customerToken: { secret: SECRET, mode: 'required' } });
    const batch = [event({ event: 'One' }), event({ event: 'Two', userId: 'u1' })];
    const rejected = await rejectedIn(await send(text('/b', { batch })));
    expect(rejected?.map(({ error }) => error)).toEqual(['token_required']);
    expect(await standIn.names()).toEqual(['One']);
  });

  test('takes events of a person with a token', async () => {
    const { send, standIn } = await start({ customerToken: { secret: SECRET, mode: 'required' } });
    const headers = { Authorization: `Bearer ${await signed(claims())}` };
    expect(await rejectedIn(await send(text('/i', event({ userId: 'u1' }), headers)))).toBeUndefined();
    expect(await standIn.events()).toMatchObject([{ type: 'identify', userId: 'u1' }]);
  });
});

test('a merge of another person is refused, as for this SDK', async () => {
  const { send, standIn } = await start({ customerToken: { secret: SECRET, mode: 'report' } });
  const merge = event({ type: 'alias', userId: 'u1', previousId: 'u2' });
  const rejected = await rejectedIn(
    await send(text('/a', merge, { Authorization: `Bearer ${await signed(claims())}` })),
  );
  expect(rejected?.map(({ error }) => error)).toEqual(['subject_mismatch']);
  expect(await standIn.requests()).toEqual([]);
});

test('hooks get the events and the request, and change what arrives', async () => {
  const { send, standIn, log } = await start({
    enrich: ({ request }) => ({ app: request.headers.get('User-Agent') }),
    filter: ({ event: name }) => name !== 'Debug',
    transform: (each) => ({ ...each, properties: { ...each.properties, shop: 'de' } }),
  });
  const batch = [event({ event: 'One' }), event({ event: 'Debug' })];
  expect((await send(text('/b', { batch }, { 'User-Agent': 'App/1' }))).status).toBe(200);
  expect(await standIn.events()).toMatchObject([
    { event: 'One', properties: { total: 12.5, shop: 'de' }, context: { app: 'App/1' } },
  ]);
  expect(log[0]).toMatchObject({ events: 2, filtered: 1 });
});

test('deliver gets the events without the client key', async () => {
  const delivered: unknown[] = [];
  const { send } = await start({ deliver: ({ batch }) => void delivered.push(...batch) });
  const sent = event();
  expect((await send(text('/t', { ...sent, sentAt: '2026-01-02T03:04:05.000Z' }))).status).toBe(200);
  expect(delivered).toEqual([sent]);
});

test('an event that the web SDK sends again, with a new sentAt, arrives once', async () => {
  const { send, standIn, log } = await start();
  const sent = event();
  for (const second of ['05', '09'])
    expect((await send(text('/t', { ...sent, sentAt: `2026-01-02T03:04:${second}.000Z` }))).status).toBe(200);
  expect(await standIn.events()).toHaveLength(1);
  expect(log[1]).toMatchObject({ duplicates: 1 });
});

test('a wrong clock is corrected by the sentAt that the SDK has written into its events', async () => {
  const { send, standIn } = await start({ correctClock: true });
  const hourMs = 3_600_000;
  const at = (ms: number): string => new Date(Date.now() - hourMs + ms).toISOString();
  await send(text('/b', { batch: [event({ timestamp: at(-2_000), sentAt: at(0) })] }));
  const [arrived] = await standIn.events();
  expect(Math.abs(Date.parse(arrived?.timestamp ?? '') - Date.now())).toBeLessThan(10_000);
});

test('an IP address that an app claims is replaced by that of the trusted header', async () => {
  const { send, standIn } = await start({ clientIp: 'x-real-ip' });
  await send(text('/t', event({ context: { ip: '198.51.100.1' } }), { 'X-Real-IP': '203.0.113.7' }));
  expect(await standIn.events()).toMatchObject([{ context: { ip: '203.0.113.7' } }]);
});

test('metrics count single calls as batches, and settings apart', async () => {
  const { send, url } = await start({ metrics: '/metrics' });
  await send(text('/t', event()));
  await send({ method: 'GET', path: `/projects/${CLIENT_KEY}/settings`, headers: {} });
  await expect
    .poll(async () => (await fetch(`${url}/metrics`)).text())
    .toMatch(/route="batch",status="200"\} 1\n[^]*route="settings",status="200"\} 1\n/);
});

test('a proxy that is stopping, or has no room for bodies, tells the SDK to come again', async () => {
  const { send, proxy } = await start({ maxInFlightBytes: 300 });
  const filling = 'x'.repeat(200);
  expect(await verdict(await send(text('/t', event({ properties: { filling } }))))).toBe('503 overloaded');
  await proxy.close();
  expect(await verdict(await send(text('/t', event())))).toBe('503 closing');
});

test('a body that arrives too slowly gets 503: Android would drop it after 408', async () => {
  const { url } = await start({ bodyTimeoutMs: 50 });
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(new TextEncoder().encode('{"event":'));
    },
  });
  const init = { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body, duplex: 'half' };
  expect(await verdict(await fetch(`${url}/v1/b`, init as RequestInit))).toBe('503 body_timeout');
});

describe('a batch of this SDK, with a customer token', () => {
  const customerToken = { secret: SECRET, mode: 'report' as const };
  const headersOf = async (more = {}): Promise<Record<string, string>> =>
    bearer(await signed(claims()), { 'Content-Type': 'application/json', ...more });

  test('gets the cookie that acknowledges the last request of a page', async () => {
    const { send, url } = await start({ customerToken });
    const page = { 'X-CIO-Ack': 'request0001', Origin: new URL(url).origin };
    const batch = { batch: [event({ userId: 'u1' })], writeKey: undefined };
    const response = await send(text('/batch', batch, await headersOf(page)));
    expect(response.headers.get('Set-Cookie')).toMatch(/^cio_ack_request0001=1; /);
    expect((await send(text('/b', batch, await headersOf(page)))).headers.get('Set-Cookie')).toBeNull();
  });

  test('keeps the status by which the SDK learns the largest batch', async () => {
    const { send } = await start({ customerToken, maxBodyBytes: 100 });
    const filling = 'x'.repeat(200);
    expect(await verdict(await send(text('/batch', { batch: [], filling }, await headersOf())))).toBe(
      '413 body_too_large',
    );
  });

  test('may be empty while Customer.io is down: the SDK asks so whether the URL is right', async () => {
    const { send, standIn } = await start({ customerToken, upstream: { retries: 0, breakAfter: 1 } });
    await standIn.faults({ status: 503 });
    const batch = [event({ userId: 'u1' })];
    for (let i = 0; i < 2; i += 1)
      expect(await verdict(await send(text('/batch', { batch }, await headersOf())))).toBe(
        '503 upstream_unavailable',
      );
    expect((await send(text('/batch', { batch: [] }, await headersOf()))).status).toBe(200);
    await standIn.faults({ status: 200 });
  });
});

test('a text that is too long for a client key is refused as one', async () => {
  const { send } = await start();
  expect(await verdict(await send(text('/t', event({ writeKey: 'k'.repeat(400_000) }))))).toBe(
    '401 invalid_client_key',
  );
});
