/** What every server with the proxy must do: one suite, run against each server as a process of its own. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { basicAuthorization, type ErrorBody } from '../../src/protocol/wire.ts';
import { freePort } from '../support/server/listen.ts';
import { type ServerProcess, startServer } from '../support/server/process.ts';
import { createStandIn, type StandIn } from '../support/site/stand-in.ts';
import {
  claims,
  keyPair,
  nowSeconds,
  SECRET,
  signed,
  startKeyServer,
} from '../integration/proxy/key-server.ts';
import { bearer, CLIENT_KEY, event, fullVerdict, verdict, WRITE_KEY } from '../integration/proxy/setup.ts';
import { startUpstream } from '../integration/proxy/upstream.ts';
import type { PlainOptions, RunningServer } from './process.ts';
import { SERVERS } from './servers.ts';

const SHOP = 'https://shop.example.com';
const HEADERS = { Authorization: basicAuthorization(CLIENT_KEY), 'Content-Type': 'application/json' };
// Enough for one large event.
const MAX_BODY_BYTES = 40_000;
const ERROR_KEYS = ['error', 'message', 'serverTime'];

const json = (...batch: readonly unknown[]): string => JSON.stringify({ batch });

interface Upload {
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: readonly (string | Uint8Array)[];
  readonly pauseMs?: number;
  /** @default a new connection */
  readonly agent?: Agent | false;
}

let pipelines: ServerProcess;
let standIn: StandIn;

beforeAll(async () => {
  pipelines = await startServer('demo/pipelines/main.ts', { PORT: '0', WRITE_KEY });
  standIn = createStandIn(pipelines.origin);
});
afterAll(() => pipelines.stop());
beforeEach(() => standIn.forget());

describe.each(SERVERS)('$name', ({ script, hangsUp, start }) => {
  let server: RunningServer;

  const options = (more: PlainOptions = {}): PlainOptions => ({
    writeKey: WRITE_KEY,
    clientKeys: [CLIENT_KEY],
    basePath: '/e',
    origins: [SHOP],
    upstreamUrl: standIn.origin,
    maxBodyBytes: MAX_BODY_BYTES,
    customerToken: { secret: SECRET },
    appApi: { key: 'app-key', url: standIn.origin },
    ...more,
  });

  beforeAll(async () => {
    server = await start(options());
  });
  afterAll(() => server.stop());

  /** Starts one more server, for a test that needs other options. */
  async function another(more: PlainOptions): Promise<string> {
    const { origin, stop } = await start(options(more));
    onTestFinished(stop);
    return origin;
  }

  const ask = (path: string, init: RequestInit = {}, origin = server.origin): Promise<Response> =>
    fetch(`${origin}/e${path}`, init);
  const send = (body: RequestInit['body'], headers: Record<string, string> = {}): Promise<Response> =>
    ask('/v1/batch', { method: 'POST', headers: { ...HEADERS, ...headers }, body: body ?? null });
  const arrived = async (): Promise<readonly unknown[]> =>
    (await standIn.events()).map(({ messageId }) => messageId);

  describe('batches', () => {
    test('are delivered unchanged, with the real key and no header of the visitor', async () => {
      const upstream = await startUpstream();
      const origin = await another({ upstreamUrl: upstream.url });
      const batch = [
        event({ event: 'grüße 🦊' }),
        event({ type: 'identify', traits: { a: [1, null, 'x'] } }),
      ];
      const headers = { ...HEADERS, Cookie: 'session=1', 'X-Forwarded-For': '203.0.113.7' };
      const init = { method: 'POST', headers, body: json(...batch) };
      const answer = await ask('/v1/batch', init, origin);
      expect([answer.status, await answer.json()]).toEqual([200, { success: true }]);
      expect(upstream.received).toHaveLength(1);
      expect(upstream.received[0]?.body.batch).toEqual(batch);
      expect(upstream.received[0]?.headers).toMatchObject({
        authorization: basicAuthorization(WRITE_KEY),
        'x-strict-mode': '1',
      });
      expect(upstream.received[0]?.headers).not.toHaveProperty('cookie');
      expect(upstream.received[0]?.headers).not.toHaveProperty('x-forwarded-for');
    });

    test('may be compressed, and responses say so', async () => {
      const one = event({ event: 'grüße 🦊' });
      const answer = await send(gzipSync(json(one)), { 'Content-Encoding': 'gzip' });
      expect([answer.status, answer.headers.get('Accept-Encoding')]).toEqual([200, 'gzip']);
      expect(await standIn.names()).toEqual(['grüße 🦊']);
    });

    test('may have the largest size that a browser sends', async () => {
      const origin = await another({ maxBodyBytes: undefined });
      const batch = Array.from({ length: 16 }, () => event({ properties: { a: 'x'.repeat(29_400) } }));
      const body = json(...batch);
      expect(body.length).toBeGreaterThan(470_000);
      expect(await verdict(await ask('/v1/batch', { method: 'POST', headers: HEADERS, body }, origin))).toBe(
        '200',
      );
      expect(await arrived()).toEqual(batch.map(({ messageId }) => messageId));
    });

    test('of other SDKs are accepted with `compatibility`: the key in the body, text/plain, gzip, settings', async () => {
      const origin = await another({ compatibility: true });
      const headers = { 'Content-Type': 'text/plain' };
      const single = JSON.stringify({ ...event({ event: 'Web' }), writeKey: CLIENT_KEY });
      expect(await verdict(await ask('/v1/t', { method: 'POST', headers, body: single }, origin))).toBe(
        '200',
      );
      const body = gzipSync(JSON.stringify({ batch: [event({ event: 'App' })], writeKey: CLIENT_KEY }));
      const packed = { ...headers, 'Content-Encoding': 'gzip' };
      expect(await verdict(await ask('/v1/b', { method: 'POST', headers: packed, body }, origin))).toBe(
        '200',
      );
      expect(await standIn.names()).toEqual(['Web', 'App']);
      expect(JSON.stringify(await standIn.events())).not.toContain(CLIENT_KEY);
      const settings = await ask(`/v1/projects/${CLIENT_KEY}/settings`, {}, origin);
      expect(await settings.json()).toMatchObject({
        integrations: { 'Customer.io Data Pipelines': { apiKey: CLIENT_KEY } },
      });
      const wrong = JSON.stringify({ ...event(), writeKey: 'wrong' });
      expect(await verdict(await ask('/v1/t', { method: 'POST', headers, body: wrong }, origin))).toBe(
        '401 invalid_client_key',
      );
    });

    test('are accepted with or without a slash at the end of the path, without a redirect where the server permits that', async () => {
      const sent = (path: string): Promise<Response> =>
        ask(path, { method: 'POST', headers: HEADERS, body: json(event()), redirect: 'manual' });
      expect((await sent('/v1/batch')).status).toBe(200);
      // Next.js without `trailingSlash` redirects to the path without a slash.
      expect([200, 308]).toContain((await sent('/v1/batch/')).status);
    });

    test('without events are accepted, as a check of the client key', async () => {
      expect(await verdict(await send(json()))).toBe('200');
      expect(await standIn.requests()).toEqual([]);
    });

    test.each<
      [string, () => [body: string | Uint8Array<ArrayBuffer>, headers?: Record<string, string>], string]
    >([
      ['no JSON', () => ['{"batch":['], '400 invalid_json'],
      ['no list', () => ['{"batch":{}}'], '400 invalid_batch'],
      ['no body', () => [''], '400 invalid_json'],
      ['an event without a type', () => [json({ messageId: 'm' })], '400 invalid_event'],
      ['a privileged event', () => [json(event({ event: 'User Deleted' }))], '400 privileged_event'],
      [
        'a large event',
        () => [json(event({ properties: { a: 'x'.repeat(33_000) } }))],
        '413 event_too_large',
      ],
      ['another type', () => [json(event()), { 'Content-Type': 'text/plain' }], '415 unsupported_media_type'],
      ['another encoding', () => [json(event()), { 'Content-Encoding': 'br' }], '415 unsupported_encoding'],
      ['broken gzip', () => [json(event()), { 'Content-Encoding': 'gzip' }], '400 invalid_encoding'],
      ['bytes that are no text', () => [Uint8Array.of(0x22, 0xff, 0x22)], '400 invalid_utf8'],
      ['an unknown key', () => [json(event()), { Authorization: 'Basic eDo=' }], '401 invalid_client_key'],
      ['no key', () => [json(event()), { Authorization: '' }], '401 invalid_client_key'],
      ['a foreign page', () => [json(event()), { Origin: 'https://evil.example' }], '403 origin_not_allowed'],
    ])('with %s are refused, with an error body of one format', async (_, make, expected) => {
      const answer = await send(...make());
      const body = (await answer.json()) as ErrorBody;
      expect(`${answer.status} ${body.error}`).toBe(expected);
      expect(Object.keys(body).sort()).toEqual(ERROR_KEYS);
      expect(answer.headers.get('Content-Type')).toBe('application/json');
      // With Basic, browsers would ask the visitor for a password.
      expect(answer.headers.get('WWW-Authenticate') ?? '').not.toMatch(/basic/i);
      expect(await standIn.requests()).toEqual([]);
    });

    const unannounced = hangsUp === 'who sends too much' ? [] : [12];
    test.for(unannounced)(
      'of an unknown length over the limit are refused, and the server continues to work',
      async (count) => {
        const parts = Array.from({ length: count }, () => 'x'.repeat(5_000));
        const answer = await upload({ headers: HEADERS, parts });
        expect([answer.statusCode, JSON.parse(await text(answer))]).toEqual([
          413,
          expect.objectContaining({ error: 'body_too_large' }),
        ]);
        expect(await verdict(await send(json(event())))).toBe('200');
      },
    );

    test.each<[string, () => Pick<Upload, 'headers' | 'parts'>]>([
      ['of a known length', () => ({ headers: { 'Content-Length': '60000' }, parts: ['x'.repeat(60_000)] })],
      [
        'that unpack to too much',
        () => ({ headers: { 'Content-Encoding': 'gzip' }, parts: [gzipSync(Buffer.alloc(5_000_000, ' '))] }),
      ],
    ])('%s over the limit are refused, and the server continues to work', async (_, make) => {
      const { headers, parts } = make();
      const answer = await upload({ headers: { ...HEADERS, ...headers }, parts });
      expect([answer.statusCode, JSON.parse(await text(answer))]).toEqual([
        413,
        expect.objectContaining({ error: 'body_too_large' }),
      ]);
      expect(await verdict(await send(json(event())))).toBe('200');
    });

    const lasting = hangsUp === 'who is refused' ? [] : (['too large', 'of an unknown key'] as const);
    test.for(lasting)('that are %s leave their connection usable for the next request', async (what) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      onTestFinished(() => agent.destroy());
      const more: Record<string, string> =
        what === 'too large' ? { 'Content-Length': '600000' } : { Authorization: 'Basic eDo=' };
      const refused = await upload({ headers: { ...HEADERS, ...more }, parts: ['x'.repeat(600_000)], agent });
      expect(JSON.parse(await text(refused))).toHaveProperty('error');
      // The pause is longer than servers wait for a body that is not read.
      const parts = ['{"batch":[', ']}'];
      const answer = await upload({ headers: HEADERS, parts, pauseMs: 300, agent });
      expect([answer.statusCode, await text(answer)]).toEqual([200, '{"success":true}']);
    });
  });

  describe('pages', () => {
    test('of an allowed origin may send preflights, and read the responses', async () => {
      const asked = { Origin: SHOP, 'Access-Control-Request-Method': 'POST' };
      const preflight = await ask('/v1/batch', { method: 'OPTIONS', headers: asked });
      expect([preflight.status, await preflight.text()]).toEqual([204, '']);
      expect(Object.fromEntries(preflight.headers)).toMatchObject({
        'access-control-allow-origin': SHOP,
        'access-control-allow-methods': 'POST, OPTIONS',
        'access-control-allow-headers': expect.stringContaining('Authorization'),
        'access-control-max-age': '7200',
      });
      const answer = await send(json(event()), { Origin: SHOP });
      expect([answer.status, answer.headers.get('Access-Control-Allow-Origin')]).toEqual([200, SHOP]);
      expect(answer.headers.get('Access-Control-Expose-Headers')).toContain('Retry-After');
      expect(answer.headers.get('Vary')).toContain('Origin');
    });

    test('of another origin may not', async () => {
      const asked = { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST' };
      const preflight = await ask('/v1/batch', { method: 'OPTIONS', headers: asked });
      expect([preflight.status, preflight.headers.get('Access-Control-Allow-Origin')]).toEqual([403, null]);
    });

    test('of the server’s own origin need no CORS headers', async () => {
      const answer = await send(json(event()), { Origin: server.origin });
      expect([answer.status, answer.headers.get('Access-Control-Allow-Origin')]).toEqual([
        200,
        server.origin,
      ]);
    });
  });

  describe('methods and headers', () => {
    test('GET is not accepted for a batch', async () => {
      const answer = await ask('/v1/batch');
      expect([await verdict(answer), answer.headers.get('Allow')]).toEqual([
        '405 method_not_allowed',
        'POST, OPTIONS',
      ]);
    });

    test.each(['PUT', 'PATCH', 'DELETE'])(
      '%s is not accepted, by the proxy or by the server itself',
      async (method) => {
        expect((await ask('/v1/batch', { method, body: json(event()) })).status).toBe(405);
        expect(await standIn.requests()).toEqual([]);
      },
    );

    test('HEAD is handled as GET, without a body', async () => {
      const head = await ask('/v1/health', { method: 'HEAD' });
      expect([head.status, await head.text()]).toEqual([200, '']);
      expect((await ask('/v1/batch', { method: 'HEAD' })).status).toBe(405);
      const got = await ask('/v1/health');
      expect([got.status, await got.json()]).toMatchObject([200, { status: 'ok', ready: true }]);
    });

    test('OPTIONS gets a response without an Origin header too', async () => {
      const answer = await ask('/v1/health', { method: 'OPTIONS' });
      expect([answer.status, answer.headers.get('Allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
    });

    test('an unknown path below gets 404, from the proxy or from the application behind it', async () => {
      expect((await ask('/v1/nothing', { method: 'POST', body: '{}' })).status).toBe(404);
      expect((await ask('/proxy.js')).status).toBe(404);
    });

    test('header names and values are read in any case', async () => {
      const answer = await upload({
        headers: {
          AUTHORIZATION: HEADERS.Authorization.replace('Basic', 'bASIC'),
          'cOnTeNt-TyPe': 'Application/JSON; Charset="UTF-8"',
          'CONTENT-ENCODING': 'GZIP',
        },
        parts: [gzipSync(json(event()))],
      });
      expect(answer.statusCode).toBe(200);
      expect(await text(answer)).toBe('{"success":true}');
    });
  });

  describe('Customer.io', () => {
    const BATCH = { method: 'POST', headers: HEADERS, body: json(event()) };

    // Each of these tests starts its own server, because the circuit breaker stays open for a while
    // afterwards.
    test('is down: the browser keeps the batch and gets Retry-After', async () => {
      await standIn.faults({ status: 503 });
      const answer = await ask('/v1/batch', BATCH, await another({}));
      expect(await verdict(answer)).toBe('503 upstream_unavailable');
      expect(Number(answer.headers.get('Retry-After'))).toBeGreaterThanOrEqual(5);
    });

    test('sends Retry-After: the browser gets it', async () => {
      await standIn.faults({ status: 429, retryAfter: '77' });
      const answer = await ask('/v1/batch', BATCH, await another({}));
      expect([await verdict(answer), answer.headers.get('Retry-After')]).toEqual([
        '503 upstream_unavailable',
        '77',
      ]);
    });

    test('cannot be reached: the browser keeps the batch', async () => {
      const origin = await another({ upstreamUrl: `http://127.0.0.1:${await freePort()}` });
      const answer = await ask('/v1/batch', BATCH, origin);
      expect(await verdict(answer)).toBe('503 upstream_unavailable');
      expect(answer.headers.get('Retry-After')).toMatch(/^\d+$/);
    });

    test('does not respond in time: the browser keeps the batch', async () => {
      const upstream = await startUpstream();
      upstream.respond('silence');
      const origin = await another({ upstreamUrl: upstream.url, timeoutMs: 200 });
      expect(await verdict(await ask('/v1/batch', BATCH, origin))).toBe('503 upstream_unavailable');
    });

    test('rejects a batch: the browser gets 400', async () => {
      const answer = await send(json(event({ anonymousId: undefined, userId: undefined })));
      expect(await verdict(answer)).toBe('400 rejected');
    });

    test('refuses the real key: no visitor loses an event', async () => {
      const origin = await another({ writeKey: 'another' });
      expect(await verdict(await ask('/v1/batch', BATCH, origin))).toBe('503 upstream_misconfigured');
    });
  });

  describe('customer tokens', () => {
    const attributes = (
      headers: Record<string, string>,
      body = '{}',
      origin = server.origin,
    ): Promise<Response> =>
      ask('/v1/customers/attributes', { method: 'POST', headers: { ...HEADERS, ...headers }, body }, origin);

    beforeEach(() => standIn.setPeople({ u1: { attributes: { plan: 'pro' } } }));

    test('with a shared secret give access to the data of their person', async () => {
      const answer = await attributes(bearer(await signed(claims())));
      expect([answer.status, await answer.json()]).toEqual([200, { attributes: { plan: 'pro' } }]);
      expect(answer.headers.get('Cache-Control')).toBe('no-store');
    });

    test('give access without a request body too', async () => {
      const headers = bearer(await signed(claims()));
      const answer = await ask('/v1/customers/attributes', { method: 'POST', headers });
      expect(await answer.json()).toEqual({ attributes: { plan: 'pro' } });
    });

    test('with published keys give access', async () => {
      const key = await keyPair('k1');
      const keys = await startKeyServer(key);
      const origin = await another({ customerToken: { jwksUrl: keys.url } });
      const other = await keyPair('k1');
      expect(await fullVerdict(await attributes(bearer(await signed(claims(), key)), '{}', origin))).toBe(
        '200',
      );
      expect(await fullVerdict(await attributes(bearer(await signed(claims(), other)), '{}', origin))).toBe(
        '401 invalid_token signature',
      );
      expect(keys.asked()).toBeGreaterThan(0);
    });

    test.each<[string, () => Promise<Record<string, string>>, string]>([
      ['none', async () => ({}), '401 invalid_token missing'],
      ['no token', async () => bearer('abc'), '401 invalid_token malformed'],
      [
        'an old one',
        async () => bearer(await signed(claims({ exp: nowSeconds() - 60 }))),
        '401 invalid_token expired',
      ],
      [
        'a forged one',
        async () => bearer(await signed(claims(), 'x'.repeat(40))),
        '401 invalid_token signature',
      ],
      [
        'one without a known key',
        async () => bearer(await signed(claims()), { 'X-CIO-Client-Key': 'x' }),
        '401 invalid_client_key',
      ],
    ])('%s give no access', async (_, headers, expected) => {
      expect(await fullVerdict(await attributes(await headers()))).toBe(expected);
      expect(await standIn.questions()).toEqual([]);
    });

    test('of another person give no access', async () => {
      const answer = await attributes(bearer(await signed(claims())), '{"userId":"u2"}');
      expect(await verdict(answer)).toBe('403 subject_mismatch');
    });

    test('may be sent with events', async () => {
      expect(await verdict(await send(json(event({ userId: 'u1' })), bearer(await signed(claims()))))).toBe(
        '200',
      );
      expect(await arrived()).toHaveLength(1);
    });
  });

  describe('the script', () => {
    test('is served if there is a file system, and gets 404 otherwise', async () => {
      const got = await ask('/cio.js', { headers: { 'Accept-Encoding': 'identity' } });
      const body = await got.text();
      if (script === 'none') {
        expect([got.status, JSON.parse(body)]).toEqual([
          404,
          expect.objectContaining({ error: 'not_found' }),
        ]);
        return;
      }
      expect([got.status, body]).toEqual([200, readFileSync('dist/cio.js', 'utf8')]);
      expect(got.headers.get('Content-Type')).toBe('text/javascript; charset=utf-8');
      const again = await ask('/cio.js', { headers: { 'Accept-Encoding': 'gzip' } });
      expect([again.headers.get('Content-Encoding'), await again.text()]).toEqual([
        script === 'packed' ? 'gzip' : null,
        body,
      ]);
      const head = await ask('/cio.js', { method: 'HEAD' });
      expect([head.status, await head.text()]).toEqual([200, '']);
      const headers = { 'If-None-Match': got.headers.get('ETag') ?? '' };
      expect((await ask('/cio.js', { headers })).status).toBe(304);
    });
  });

  describe('connections', () => {
    test('a body that arrives slowly is read to its end', async () => {
      const parts = json(event()).match(/.{1,60}/gs) ?? [];
      expect(parts.length).toBeGreaterThan(3);
      const answer = await upload({ headers: HEADERS, parts, pauseMs: 50 });
      expect([answer.statusCode, await text(answer)]).toEqual([200, '{"success":true}']);
    });

    test('the server keeps working after a browser closes its connection in the middle of a body', async () => {
      await leave(json(event()).slice(0, 40));
      expect(await verdict(await send(json(event({ messageId: 'after' }))))).toBe('200');
      expect(await arrived()).toEqual(['after']);
    });

    test('two requests are served at the same time', async () => {
      const upstream = await startUpstream();
      const origin = await another({ upstreamUrl: upstream.url });
      const both = new Promise<void>((resolve) => {
        let waiting = 0;
        // The upstream responds to neither event before both have arrived, in one request or in two.
        upstream.respond(async ({ body }) => {
          waiting += body.batch.length;
          if (waiting === 2) resolve();
          await both;
          return {};
        });
      });
      const init = (): RequestInit => ({ method: 'POST', headers: HEADERS, body: json(event()) });
      const answers = await Promise.all([1, 2].map(() => ask('/v1/batch', init(), origin)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    });
  });

  /**
   * Sends headers with the given case, which `fetch` would change; the body is chunked unless
   * `Content-Length` is given.
   */
  async function upload({ headers, parts, pauseMs = 0, agent = false }: Upload): Promise<IncomingMessage> {
    const outgoing = httpRequest(`${server.origin}/e/v1/batch`, { method: 'POST', headers, agent });
    // After the response, the server may close the connection while the rest of the body is sent.
    outgoing.on('error', () => {});
    const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
    for (const part of parts) {
      outgoing.write(part);
      await wait(pauseMs);
    }
    outgoing.end();
    return (await answered)[0];
  }

  /** Declares a longer body than it sends, and closes the connection. */
  async function leave(begun: string): Promise<void> {
    const headers = { ...HEADERS, 'Content-Length': '1000' };
    const outgoing = httpRequest(`${server.origin}/e/v1/batch`, { method: 'POST', headers });
    outgoing.on('error', () => {});
    outgoing.write(begun, () => outgoing.destroy());
    await new Promise((resolve) => outgoing.once('close', resolve));
  }
});
