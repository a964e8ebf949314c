// @vitest-environment node
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { ProxyOptions } from '../../../../src/proxy.ts';
import { outcomeOf } from '../../../../src/sdk/sender/outcome.ts';
import { basicAuthorization } from '../../../../src/protocol/wire.ts';
import { README } from '../../../support/docs/documentation.ts';
import { claims, SECRET, signed } from '../key-server.ts';
import { listen } from '../listen.ts';
import { bearer, CLIENT_KEY, event, post, type PostInit, startProxy } from '../setup.ts';
import { BATCH, exchange, HEAD, requestText } from './raw.ts';

const SHOP = 'https://shop.example.com';
const BLOG = 'https://blog.example.com';
const EVIL = 'https://evil.example';
const REQUIRED: Partial<ProxyOptions> = { customerToken: { secret: SECRET, mode: 'required' } };
const PRIVILEGED =
  README.match(/^These are (`User Deleted`[\s\S]*?), however/m)?.[1]
    ?.match(/`[^`]+`/g)
    ?.map((name) => name.slice(1, -1)) ?? [];

type Make = () => Request | Promise<Request>;

/** The test of one row: the proxy, and the requests that the row describes. */
interface Scene {
  readonly options?: Partial<ProxyOptions>;
  readonly requests: readonly Make[];
  /** The number of events that arrive, although the row describes a refusal. */
  readonly arrived?: number;
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
const now = (): number => Math.floor(Date.now() / 1_000);

const preflightOf = (origin: string): Request =>
  new Request('https://events.example.com/v1/batch', {
    method: 'OPTIONS',
    headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
  });

/** The scenes by the beginning of the first cell of their row. */
const SCENES: Readonly<Record<string, Scene>> = {
  'a path that is none': {
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
  'no key': {
    requests: [
      '',
      'Basic',
      'Basic §',
      basicAuthorization('wrong'),
      basicAuthorization('k'.repeat(9_000)),
    ].map((value) => headers({ Authorization: value })),
  },
  'a key that is for pages': {
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
  'an `alias` of somebody else (see below)': {
    requests: [{ previousId: 'u1' }, { previousId: 'u1', anonymousId: 'u1' }].map((fields) =>
      events(event({ type: 'alias', userId: 'mallory', ...fields }), event()),
    ),
    arrived: 1,
  },
  'an `alias` of somebody else than': {
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
  'another coding': {
    requests: ['br', 'deflate', 'gzip, gzip'].map((coding) => headers({ 'Content-Encoding': coding })),
  },
  'more bytes': {
    requests: [
      body(`${BATCH}${' '.repeat(500_000)}`),
      body(gzipSync(`${BATCH}${' '.repeat(500_000)}`), { 'Content-Encoding': 'gzip' }),
      body(gzipSync(Buffer.alloc(50_000_000)), { 'Content-Encoding': 'gzip' }),
    ],
  },
  'a body that has not come': {
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
  'bodies that fill': {
    options: { maxInFlightBytes: 100 },
    requests: [batch({})],
  },
  'a body that something before': {
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
  'bytes that are not': { requests: [body(Uint8Array.of(0x22, 0xc3, 0x28, 0x22))] },
  'what is not JSON': { requests: ['', '{"batch":[', 'x'].map((text) => body(text)) },
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
  'an event that is no object': {
    requests: [
      events(null),
      events([]),
      events(event({ Event: 'x' })),
      events(event(Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`f${i}`, i])))),
      events(event({ messageId: 'x'.repeat(101) })),
      body(`{"batch":[{"type":"page","properties":${'['.repeat(100_000)}${']'.repeat(100_000)}}]}`),
    ],
  },
  'an event that a public key': {
    requests: PRIVILEGED.flatMap((name) => [
      events(event({ event: name })),
      events(event({ event: ` ${name.toUpperCase()}\n` })),
      events(event({ event: name.replaceAll(' ', '\u200b \u00a0') })),
    ]),
  },
};

interface Row {
  readonly what: string;
  readonly status: number;
  readonly error: string;
  readonly sdk: string;
}

const section = /^### What it refuses\n([\s\S]*?)^#/m.exec(README)?.[1] ?? '';
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

/** The SDK's reaction to a response, in the words of the table. */
const WORDS: Readonly<Record<string, string>> = {
  unauthorized: 'keeps',
  busy: 'keeps',
  rejected: 'asks',
  delivered: 'drops them',
};

function inWords(status: number, body: string): string | undefined {
  const answer = { status, body, headers: new Headers({ 'Content-Type': 'application/json' }) };
  return WORDS[outcomeOf(answer, Date.now()).kind];
}

describe('the table in the README', () => {
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
    const { options = {}, requests = [], arrived = 0 } = sceneOf(row.what) ?? {};
    expect(requests.length).toBeGreaterThan(0);
    for (const make of requests) {
      const { proxy, upstream } = await startProxy(options);
      const response = await proxy.fetch(await make());
      const said = await response.text();
      expect([response.status, said]).toEqual([
        row.status,
        expect.stringContaining(`"error":"${row.error}"`),
      ]);
      expect(inWords(response.status, said)).toBe(row.sdk);
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
      expect(inWords(status, answer)).toBe(sdk);
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
      expect(inWords(status, said)).toBe(sdk);
      expect(upstream.received).toHaveLength(1);
    },
  );
});
