// @vitest-environment node
/** `GET /v1/messages/stream`: new messages of a person as server-sent events, for as long as the token is valid. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createProxy, type CioProxy, type ProxyLogEntry, type ProxyOptions } from '../../../src/proxy.ts';
import { claims, SECRET, signed } from './key-server.ts';
import { listen } from './listen.ts';
import { GIST, METRIC, SITE_ID } from './messages-setup.ts';
import { bearer, CLIENT_KEY, fullVerdict, post, verdict, WRITE_KEY } from './setup.ts';
import { startUpstream, type Upstream } from './upstream.ts';

const STREAM = '/v1/messages/stream';
const SESSION = '6b1e1e0e-7d8c-4f4b-9a5e-0123456789ab';
const OPENED = ':\n\n';

interface Connection {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly response: ServerResponse;
  isClosed: boolean;
}

interface StreamSetting {
  readonly proxy: CioProxy;
  readonly url: string;
  readonly connections: Connection[];
  readonly pipelines: Upstream;
  readonly log: ProxyLogEntry[];
  /** Opens a stream over HTTP. */
  open(subject?: string, query?: string, more?: object, headers?: Record<string, string>): Promise<Response>;
}

async function start(
  options: Partial<ProxyOptions> = {},
  answer = (response: ServerResponse): unknown =>
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Set-Cookie': 'a=b' }).flushHeaders(),
): Promise<StreamSetting> {
  const connections: Connection[] = [];
  const realtimeUrl = await listen((request, response) => {
    const connection: Connection = {
      url: request.url ?? '',
      headers: request.headers,
      response,
      isClosed: false,
    };
    response.once('close', () => (connection.isClosed = true));
    connections.push(connection);
    answer(response);
  });
  const pipelines = await startUpstream();
  const log: ProxyLogEntry[] = [];
  const proxy = createProxy({
    writeKey: WRITE_KEY,
    clientKeys: [CLIENT_KEY],
    upstreamUrl: pipelines.url,
    customerToken: { secret: SECRET },
    inApp: { siteId: SITE_ID, realtimeUrl },
    onLog: (entry) => log.push(entry),
    ...options,
  });
  const url = await listen((request, response) => proxy.node(request, response));
  const open: StreamSetting['open'] = async (subject = 'u1', query = '', more = {}, headers = {}) => {
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    return fetch(`${url}${STREAM}${query}`, {
      headers: bearer(await signed(claims({ sub: subject, ...more })), headers),
      signal: controller.signal,
    });
  };
  return { proxy, url, connections, pipelines, log, open };
}

/** Reads a stream, text by text. */
function reading(response: Response): { next(): Promise<string | null>; cancel(): void } {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  return {
    next: async () => (await reader?.read())?.value ?? null,
    cancel: () => void reader?.cancel().catch(() => {}),
  };
}

describe('the stream of a person', () => {
  test('passes the five known events on, and messages with their handles', async () => {
    const { open, connections, proxy, pipelines } = await start();
    const response = await open('u1', `?sessionId=${SESSION}`);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    for (const name of ['content-encoding', 'set-cookie', 'content-length'])
      expect(response.headers.get(name), name).toBeNull();
    const stream = reading(response);
    expect(await stream.next()).toBe(OPENED);
    const write = (text: string): unknown => connections[0]?.response.write(text);
    write('event: connected\r\ndata: {"heartbeat":30,"x":1}\r\n\r\n');
    expect(await stream.next()).toBe('event: connected\ndata: {"heartbeat":30}\n\n');
    const message = { queueId: 'q1', messageId: 'm1', properties: { gist: GIST }, userToken: 'u1' };
    const text = `event: messages\ndata: ${JSON.stringify([message, 7])}\n\n`;
    write(text.slice(0, 30));
    write('');
    write(text.slice(30));
    const passed = (await stream.next()) ?? '';
    expect(passed).toMatch(/^event: messages\ndata: .*\n\n$/);
    const [received, ...others] = JSON.parse(passed.slice(passed.indexOf('['))) as { handle: string }[];
    const { userToken: _token, ...shown } = message;
    expect([received, others]).toEqual([{ ...shown, handle: expect.any(String) }, []]);
    write(
      'event: unknown\ndata: {"x":1}\n\ndata: nameless\n\n: comment\n\nevent: messages\ndata: broken\n\n',
    );
    write(
      'event: inbox_messages\ndata: [{"queueId":"i1",\ndata: "deliveryId":"d2"}]\n\nevent: heartbeat\ndata\n\n',
    );
    expect(await stream.next()).toMatch(
      /^event: inbox_messages\ndata: \[\{"id":"i1","opened":false,"sentAt":"","properties":\{\},"handle":"[\w.-]+"\}\]\n\nevent: heartbeat\ndata: \{\}\n\n$/,
    );
    write('event: ttl_exceeded\ndata: x\n\n');
    expect(await stream.next()).toBe('event: ttl_exceeded\ndata: {}\n\n');
    const body = JSON.stringify({ handle: received?.handle, metric: 'opened' });
    expect((await proxy.fetch(post([], { path: METRIC, body }))).status).toBe(200);
    expect(pipelines.received[0]?.body.batch[0]).toMatchObject({
      userId: 'u1',
      properties: { deliveryId: 'd1' },
    });
  });

  test('is asked for with the person, and without anything of the browser', async () => {
    const { open, connections, log } = await start();
    // The base64 of this id has a `+`, a `/` and a `=`.
    const subject = '>>>???ü';
    await open(subject, `?sessionId=${SESSION}`, {}, { Cookie: 'secret', Referer: 'https://secret.example' });
    const [{ url, headers } = { url: '', headers: {} }] = connections;
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    expect(pathname).toBe('/api/v3/sse');
    expect(Object.fromEntries(searchParams)).toEqual({
      userToken: Buffer.from(subject).toString('base64'),
      siteId: SITE_ID,
      sessionId: SESSION,
      platform: 'web',
    });
    expect(headers.accept).toBe('text/event-stream');
    expect(JSON.stringify(headers)).not.toContain('secret');
    expect(headers.authorization).toBeUndefined();
    await expect.poll(() => log).toHaveLength(1);
    expect(log[0]).toMatchObject({ status: 200, path: STREAM, upstreamStatus: 200 });
  });

  test('ends with the token', async () => {
    const { open, connections } = await start();
    const startedAtMs = Date.now();
    const exp = Math.floor(startedAtMs / 1_000) + 2;
    const stream = reading(await open('u1', '', { exp }));
    expect(await stream.next()).toBe(OPENED);
    expect(await stream.next()).toBeNull();
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1_000 - 20);
    await expect.poll(() => connections[0]?.isClosed).toBe(true);
  });

  test('ends when the service ends it, when the visitor leaves, and when the proxy stops', async () => {
    const { open, connections, proxy } = await start();
    const [ended, left, stopped] = [await open('u1'), await open('u2'), await open('u3')].map(reading);
    for (const stream of [ended, left, stopped]) expect(await stream?.next()).toBe(OPENED);
    connections[0]?.response.end();
    expect(await ended?.next()).toBeNull();
    left?.cancel();
    await expect.poll(() => connections[1]?.isClosed).toBe(true);
    expect(connections[2]?.isClosed).toBe(false);
    await proxy.close({ timeoutMs: 1_000 });
    expect(await stopped?.next()).toBeNull();
    await expect.poll(() => connections[2]?.isClosed).toBe(true);
    expect(await verdict(await open('u3'))).toBe('503 closing');
  });

  test('of the same browser takes the place of the one before; another browser has its own', async () => {
    const { open } = await start();
    const first = reading(await open('u1', `?sessionId=${SESSION}`));
    const other = reading(await open('u1'));
    const foreign = reading(await open('u2', `?sessionId=${SESSION}`));
    for (const stream of [first, other, foreign]) expect(await stream.next()).toBe(OPENED);
    const second = reading(await open('u1', `?sessionId=${SESSION}`));
    expect(await first.next()).toBeNull();
    expect(await second.next()).toBe(OPENED);
    const aMoment = new Promise((resolve) => setTimeout(() => resolve('still open'), 200));
    const waiting = await Promise.race([other.next(), foreign.next(), aMoment]);
    expect(waiting).toBe('still open');
  });

  test('has a comment every fifteen seconds', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const { open } = await start();
    const stream = reading(await open());
    expect(await stream.next()).toBe(OPENED);
    vi.advanceTimersByTime(15_000);
    expect(await stream.next()).toBe(':\n\n');
  });

  test('works in runtimes of the Fetch API, and ends when its reader leaves', async () => {
    const { proxy, connections } = await start();
    const headers = bearer(await signed(claims()));
    const response = await proxy.fetch(new Request(`https://events.example.com${STREAM}`, { headers }));
    const stream = reading(response);
    expect(await stream.next()).toBe(OPENED);
    connections[0]?.response.write('event: heartbeat\ndata: {}\n\n');
    expect(await stream.next()).toBe('event: heartbeat\ndata: {}\n\n');
    stream.cancel();
    await expect.poll(() => connections[0]?.isClosed).toBe(true);
  });

  test('ends where an event is larger than 4 MB', async () => {
    const { open, connections } = await start();
    const stream = reading(await open());
    expect(await stream.next()).toBe(OPENED);
    connections[0]?.response.write(`event: messages\ndata: ${'x'.repeat(4_100_000)}`);
    expect(await stream.next()).toBeNull();
  });
});

describe('no stream', () => {
  test('is opened without a right to it', async () => {
    const { open, proxy, url, connections } = await start();
    expect(await fullVerdict(await open('u1', '', { exp: 1 }))).toBe('401 invalid_token expired');
    const basic = await fetch(url + STREAM, {
      headers: { Authorization: `Basic ${btoa(`${CLIENT_KEY}:`)}` },
    });
    expect(await fullVerdict(basic)).toBe('401 invalid_token missing');
    expect((await fetch(url + STREAM, { method: 'POST' })).status).toBe(405);
    const foreign = new Request(`https://events.example.com${STREAM}`, {
      headers: { Origin: 'https://evil.example' },
    });
    expect(await verdict(await proxy.fetch(foreign))).toBe('403 origin_not_allowed');
    expect(connections).toEqual([]);
  });

  test.each([[{ inApp: undefined }], [{ customerToken: undefined }]])(
    'is served where an option is missing: %j',
    async (options) => {
      const { proxy } = await start(options);
      const request = new Request(`https://events.example.com${STREAM}`);
      expect(await verdict(await proxy.fetch(request))).toBe('404 not_found');
    },
  );

  test.each<[string, (response: ServerResponse) => unknown]>([
    ['an error', (response) => response.writeHead(500).end()],
    ['a page', (response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>')],
    ['a redirect', (response) => response.writeHead(302, { Location: 'https://evil.example/' }).end()],
    ['a cut', (response) => response.destroy()],
    ['silence', () => {}],
  ])('comes from %s of the service: 503', async (_, answer) => {
    const { open, log } = await start({ timeoutMs: 300 }, answer);
    const response = await open();
    expect(response.headers.get('Retry-After')).toMatch(/^\d+$/);
    expect(await verdict(response)).toBe('503 upstream_unavailable');
    await expect.poll(() => log).toHaveLength(1);
    expect(JSON.stringify(log)).not.toContain(btoa('u1'));
  });

  test('is opened beyond fifty of one address', async () => {
    const { open, connections } = await start();
    const opened = [];
    for (let i = 0; i < 50; i += 1) opened.push(await open(`u${i}`));
    expect(opened.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    const refused = await open('u50');
    expect(refused.headers.get('Retry-After')).toBe('60');
    expect(await verdict(refused)).toBe('429 rate_limited');
    connections[0]?.response.end();
    await expect.poll(async () => (await open('u50')).status).toBe(200);
  });

  test('is sent by a server that cannot stream: 404', async () => {
    const { proxy, connections } = await start();
    const headers = bearer(await signed(claims()));
    const answered = await new Promise<readonly [number, string]>((resolve) => {
      const lower = Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
      );
      let status = 0;
      proxy.node(
        {
          method: 'GET',
          url: STREAM,
          headers: { host: 'events.example.com', ...lower },
          readableEnded: true,
          on() {},
        },
        {
          writeHead: (code) => void (status = code),
          end: (body) => resolve([status, String(body)]),
        },
      );
    });
    expect(answered).toEqual([404, expect.stringContaining('"error":"not_found"')]);
    await expect.poll(() => connections[0]?.isClosed).toBe(true);
  });
});
