// @vitest-environment node
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { reactionTo } from '../../../../build/docs/refusals.ts';
import type { CioProxy, ProxyOptions } from '../../../../src/proxy.ts';
import { ATTRIBUTES_PATH, basicAuthorization, MESSAGES_METRIC_PATH } from '../../../../src/protocol/wire.ts';
import { pageText, ROOT } from '../../../support/docs/documentation.ts';
import { claims, keyPair, SECRET, signed } from '../key-server.ts';
import { listen } from '../listen.ts';
import { bearer, CLIENT_KEY, event, post, type PostInit, startProxy } from '../setup.ts';
import { BATCH, exchange, HEAD, requestText } from './raw.ts';

const SHOP = 'https://shop.example.com';
const BLOG = 'https://blog.example.com';
const EVIL = 'https://evil.example';
const REQUIRED: Partial<ProxyOptions> = { customerToken: { secret: SECRET, mode: 'required' } };
const PAGE = pageText('docs/reference/http-api.md');
const PRIVILEGED =
  PAGE.match(/^These are (`User Deleted`[\s\S]*?), however/m)?.[1]
    ?.match(/`[^`]+`/g)
    ?.map((name) => name.slice(1, -1)) ?? [];

type Make = () => Request | Promise<Request>;

/** The test of one row: the proxy, and the requests that the row describes. */
interface Scene {
  readonly options?: Partial<ProxyOptions>;
  readonly requests: readonly Make[];
  /** The number of events that arrive, although the row describes a refusal. */
  readonly arrived?: number;
  /** Done with the proxy before the requests. */
  readonly prepare?: (proxy: CioProxy) => unknown;
}

const batch =
  (init: PostInit, events: readonly unknown[] = [event()]): Make =>
  () =>
    post(events, init);
const headers = (fields: Record<string, string>): Make => batch({ headers: fields });
const body = (content: string | Uint8Array, fields: Record<string, string> = {}): Make =>
  batch({ body: content, headers: fields });
const events = (...all: readonly unknown[]): Make => batch({}, all);
const withToken =
  (make: () => Promise<string>, fields: Record<string, unknown> = {}): Make =>
  async () =>
    post([event(fields)], { headers: bearer(await make()) });
const PRIVATE: Partial<ProxyOptions> = { ...REQUIRED, appApi: { key: 'key-of-the-app-api' } };
const privateCall =
  (content: string): Make =>
  async () =>
    post([], { path: ATTRIBUTES_PATH, headers: bearer(await signed(claims())), body: content });
const upstreamWith = (status: number): Partial<ProxyOptions> => ({
  fetch: () => Promise.resolve(new Response('{}', { status })),
});
const now = (): number => Math.floor(Date.now() / 1_000);

const preflightOf = (origin: string): Request =>
  new Request('https://events.example.com/v1/batch', {
    method: 'OPTIONS',
    headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
  });

/** The scenes by the beginning of the first cell of their row. */
const SCENES: Readonly<Record<string, Scene>> = {
  'a path that the proxy': {
    requests: ['/nothing', '/v1%2Fbatch', '/V1/Batch', '/v1/batch%2F'].map((path) => batch({ path })),
  },
  'another method': {
    requests: ['GET', 'PUT', 'DELETE', 'PATCH'].map(
      (method) => () =>
        new Request('https://events.example.com/v1/batch', {
          method,
          headers: { 'X-HTTP-Method-Override': 'POST' },
        }),
    ),
  },
  'a page, or its preflight': {
    options: { origins: [SHOP] },
    requests: [EVIL, 'null'].flatMap((origin) => [headers({ Origin: origin }), () => preflightOf(origin)]),
  },
  'no client key': {
    requests: [
      '',
      'Basic',
      'Basic §',
      basicAuthorization('wrong'),
      basicAuthorization('k'.repeat(9_000)),
    ].map((value) => headers({ Authorization: value })),
  },
  'a client key that is for pages': {
    options: { origins: [SHOP, BLOG], clientKeys: [{ key: CLIENT_KEY, origins: [SHOP] }] },
    requests: [headers({ Origin: BLOG })],
  },
  'a customer token where none': { requests: [withToken(() => signed(claims()))] },
  'a customer token that is forged': {
    options: REQUIRED,
    requests: [
      withToken(() => signed(claims(), 'another secret of 32 bytes, and a few more')),
      withToken(() => signed(claims({ exp: now() - 3_600 }))),
      withToken(() => signed(claims({ sub: '' }))),
      withToken(async () => 'nonsense'),
    ],
  },
  'a customer token with less': {
    options: { customerToken: { secret: SECRET, mode: 'required', scope: 'events' } },
    requests: [withToken(() => signed(claims({ scope: 'inbox' })))],
  },
  "with `mode: 'required'`, events of a person without": {
    options: REQUIRED,
    requests: [events(event({ userId: 'u1' }), event())],
    arrived: 1,
  },
  "with `mode: 'required'`, events of another person": {
    options: REQUIRED,
    requests: [
      async () =>
        post([event({ userId: 'u2' }), event({ userId: 'u1' })], { headers: bearer(await signed(claims())) }),
    ],
    arrived: 1,
  },
  "with `mode: 'required'`, a `group`": {
    options: REQUIRED,
    requests: [{ type: 'group', groupId: 'g1' }, { traits: { id: 'u2' } }, { traits: { cio_id: '03' } }].map(
      (fields) => events(event({ type: 'identify', ...fields }), event()),
    ),
    arrived: 1,
  },
  "with `mode: 'required'`, traits": {
    options: REQUIRED,
    requests: [{ id: 'u2' }, { cio_id: '03' }, { email: 'eve@example.com' }].map((traits) => async () => {
      const token = await signed(claims({ email: 'ada@example.com' }));
      const batch = [event({ type: 'identify', userId: 'u1', traits }), event()];
      return post(batch, { headers: bearer(token) });
    }),
    arrived: 1,
  },
  'an `alias` of another person (see': {
    requests: [{ previousId: 'u1' }, { previousId: 'u1', anonymousId: 'u1' }].map((fields) =>
      events(event({ type: 'alias', userId: 'mallory', ...fields }), event()),
    ),
    arrived: 1,
  },
  'an `alias` of another person than': {
    options: { customerToken: { secret: SECRET } },
    requests: [
      async () => {
        const batch = [event({ type: 'alias', userId: 'u1', previousId: 'u2' }), event()];
        return post(batch, { headers: bearer(await signed(claims())) });
      },
    ],
    arrived: 1,
  },
  'another type than JSON': {
    requests: ['text/plain', 'application/json; charset=utf-16', ''].map((type) =>
      headers({ 'Content-Type': type }),
    ),
  },
  'another compression': {
    requests: ['br', 'deflate', 'gzip, gzip'].map((coding) => headers({ 'Content-Encoding': coding })),
  },
  'more bytes': {
    requests: [
      body(`${BATCH}${' '.repeat(500_000)}`),
      body(gzipSync(`${BATCH}${' '.repeat(500_000)}`), { 'Content-Encoding': 'gzip' }),
      body(gzipSync(Buffer.alloc(50_000_000)), { 'Content-Encoding': 'gzip' }),
    ],
  },
  'a body that has not arrived': {
    options: { bodyTimeoutMs: 20 },
    requests: [
      () =>
        new Request('https://events.example.com/v1/batch', {
          method: 'POST',
          headers: post().headers,
          body: new ReadableStream(),
          duplex: 'half',
        } as RequestInit),
    ],
  },
  'a body for which': {
    options: { maxInFlightBytes: 100 },
    requests: [batch({})],
  },
  'a body that middleware': {
    requests: [
      async () => {
        const request = post();
        await request.json();
        return request;
      },
      () => {
        const request = post();
        request.body?.getReader();
        return request;
      },
    ],
  },
  'a body that is cut off': {
    requests: [
      body(gzipSync(BATCH).subarray(0, -9), { 'Content-Encoding': 'gzip' }),
      body(BATCH, { 'Content-Encoding': 'gzip' }),
    ],
  },
  'a body that is not UTF-8': { requests: [body(Uint8Array.of(0x22, 0xc3, 0x28, 0x22))] },
  'a body that is not JSON': { requests: ['', '{"batch":[', 'x'].map((text) => body(text)) },
  'JSON without': {
    requests: [
      'null',
      '[]',
      '{}',
      '{"batch":{}}',
      `{"batch":[],${Array.from({ length: 50 }, (_, i) => `"f${i}":1`).join(',')}}`,
      `{"batch":[],"x":${'['.repeat(102)}${']'.repeat(102)}}`,
    ].map((text) => body(text)),
  },
  'more events': {
    requests: [
      events(...Array.from({ length: 501 }, () => event())),
      body(
        JSON.stringify({
          batch: Array.from({ length: 3 }, () => event({ properties: { a: '&'.repeat(5_000) } })),
        }).replaceAll('&', String.raw`\u0026`),
      ),
    ],
  },
  'an event of more than': { requests: [events(event({ properties: { text: 'x'.repeat(32_000) } }))] },
  'an unknown type': {
    requests: ['closeAndFlush', 'Track', undefined].map((type) => events(event({ type }))),
  },
  'an event that is not an object': {
    requests: [
      events(null),
      events([]),
      events(event({ Event: 'x' })),
      events(event(Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`f${i}`, i])))),
      events(event({ messageId: 'x'.repeat(101) })),
      body(`{"batch":[{"type":"page","properties":${'['.repeat(100_000)}${']'.repeat(100_000)}}]}`),
    ],
  },
  'an event that a client key': {
    requests: PRIVILEGED.flatMap((name) => [
      events(event({ event: name })),
      events(event({ event: ` ${name.toUpperCase()}\n` })),
      events(event({ event: name.replaceAll(' ', '\u200b \u00a0') })),
    ]),
  },
  'any, while the function': {
    options: { clientKeys: () => Promise.reject(new Error('no database')) },
    requests: [batch({})],
  },
  'a customer token, while the keys': {
    options: { customerToken: { jwksUrl: 'http://127.0.0.1:1/jwks.json', mode: 'required' } },
    requests: [withToken(async () => signed(claims(), await keyPair('k')))],
  },
  'a batch that Customer.io refuses': { options: upstreamWith(400), requests: [batch({})] },
  'a batch that is too large': { options: upstreamWith(413), requests: [batch({})] },
  'a batch, while Customer.io does not': {
    options: { ...upstreamWith(503), upstream: { retries: 0 } },
    requests: [batch({})],
  },
  'a batch, while Customer.io refuses': { options: upstreamWith(401), requests: [batch({})] },
  'a batch, while your hook': {
    options: {
      filter() {
        throw new Error('broken');
      },
    },
    requests: [batch({})],
  },
  'a batch that arrives after': { prepare: (proxy) => proxy.close(), requests: [batch({})] },
  'a request during which a part': {
    options: {
      files() {
        throw new Error('broken');
      },
    },
    requests: [() => new Request('https://events.example.com/cio.js')],
  },
  'a private call whose body': {
    options: PRIVATE,
    requests: [privateCall('[]'), privateCall('null')],
  },
  'a report about a message': {
    requests: ['', 'x.y', `${'A'.repeat(40)}.${'A'.repeat(43)}`].map((handle) =>
      batch({ path: MESSAGES_METRIC_PATH, body: JSON.stringify({ handle, metric: 'opened' }) }),
    ),
  },
  'a private call with the `userId`': { options: PRIVATE, requests: [privateCall('{"userId":"u2"}')] },
};

interface Row {
  readonly what: string;
  readonly status: number;
  readonly error: string;
  readonly sdk: string;
}

const section = /^## What the proxy refuses\n([\s\S]*?)^## /m.exec(PAGE)?.[1] ?? '';
const rows: readonly Row[] = section
  .split('\n')
  .filter((line) => /^\| .* \| \d{3} /.test(line))
  .map((line) => {
    const [what = '', status, error = '', sdk = ''] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    return { what, status: Number(status), error: error.replaceAll('`', ''), sdk };
  });
/** The messages below the table: `401 invalid_token: The customer token has expired.` */
const messages = new Set(
  Array.from(
    section.matchAll(/^- (\d{3}) `(\w+)`: `(.*)`$/gm),
    ([, status, error, message]) => `${status} ${error}: ${message}`,
  ),
);
const met = new Set<string>();

describe('the table of the page', () => {
  const elsewhere = ['`Authorization` twice', 'more requests than'];
  const sceneOf = (what: string): Scene | undefined =>
    Object.entries(SCENES).find(([beginning]) => what.startsWith(beginning))?.[1];

  test('has a row for every tested scene, and a scene for every row', () => {
    for (const beginning of [...Object.keys(SCENES), ...elsewhere])
      expect(
        rows.filter(({ what }) => what.startsWith(beginning)),
        beginning,
      ).toHaveLength(1);
    expect(rows).toHaveLength(Object.keys(SCENES).length + elsewhere.length);
    expect(PRIVILEGED).toHaveLength(9);
  });

  test.each(rows.filter(({ what }) => sceneOf(what)))('is true: $what', async (row) => {
    const { options = {}, requests = [], arrived = 0, prepare } = sceneOf(row.what) ?? {};
    expect(requests.length).toBeGreaterThan(0);
    for (const make of requests) {
      const { proxy, upstream } = await startProxy(options);
      await prepare?.(proxy);
      const response = await proxy.fetch(await make());
      const said = await response.text();
      expect([response.status, said]).toEqual([
        row.status,
        expect.stringContaining(`"error":"${row.error}"`),
      ]);
      const own = row.what.startsWith('a report') ? 'drops the report' : undefined;
      const isPrivate = row.what.startsWith('a private call');
      expect(own ?? (isPrivate ? 'rejects the call' : reactionTo(response.status, said))).toBe(row.sdk);
      const { message } = JSON.parse(said) as { message?: string };
      if (message !== undefined) met.add(`${row.status} ${row.error}: ${message}`);
      expect(upstream.received.flatMap((each) => each.body.batch)).toHaveLength(arrived);
    }
  });

  test.each(rows.filter(({ what }) => what.startsWith('`Authorization` twice')))(
    'is true: $what',
    async ({ status, error, sdk }) => {
      const { proxy, upstream } = await startProxy();
      const twice = [...HEAD, HEAD.find((line) => line.startsWith('Authorization')) ?? ''];
      const length = `Content-Length: ${Buffer.byteLength(BATCH)}`;
      const answer = await exchange(await listen(proxy.node), requestText([...twice, length]));
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*"error":"${error}"`));
      expect(reactionTo(status, answer)).toBe(sdk);
      expect(upstream.received).toHaveLength(0);
    },
  );

  test.each(rows.filter(({ what }) => what.startsWith('more requests than')))(
    'is true: $what',
    async ({ status, error, sdk }) => {
      const { proxy, upstream } = await startProxy({ rateLimit: { perKey: 1 } });
      await proxy.fetch(post());
      const response = await proxy.fetch(post());
      const said = await response.text();
      expect([response.status, said]).toEqual([status, expect.stringContaining(`"error":"${error}"`)]);
      expect(reactionTo(status, said)).toBe(sdk);
      expect(upstream.received).toHaveLength(1);
    },
  );

  test('every message of the page is the message of a scene, and every code has one', () => {
    expect([...messages].filter((message) => !met.has(message))).toEqual([]);
    const withMessage = new Set([...messages].map((message) => message.split(':')[0]));
    const refused = rows.filter(({ what, status }) => sceneOf(what) && status !== 200);
    expect(refused.filter(({ status, error }) => !withMessage.has(`${status} ${error}`))).toEqual([]);
  });

  test('every code of the proxy has a row', () => {
    const source = readFileSync(`${ROOT}src/proxy/http/response.ts`, 'utf8');
    const [union = ''] = /type ProxyErrorCode =[^;]*/.exec(source) ?? [];
    const codes = Array.from(union.matchAll(/'(\w+)'/g), ([, code = '']) => code);
    expect(codes.length).toBeGreaterThan(30);
    expect(codes.filter((code) => !rows.some(({ error }) => error === code))).toEqual([]);
  });
});
