/** What every server with the proxy must do with in-app messages: one suite, run against each server as a process of its own. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { MessagesAnswer } from '../../src/protocol/messages.ts';
import { basicAuthorization } from '../../src/protocol/wire.ts';
import { claims, SECRET, signed } from '../integration/proxy/key-server.ts';
import { QUEUE, SITE_ID } from '../integration/proxy/messages-setup.ts';
import { bearer, CLIENT_KEY, event, fullVerdict, verdict, WRITE_KEY } from '../integration/proxy/setup.ts';
import { listen } from '../support/server/listen.ts';
import type { RunningServer } from './process.ts';
import { SERVERS } from './servers.ts';

const SHOP = 'https://shop.example.com';
const TIME = '2026-01-02T03:04:05.006Z';
const JSON_TYPE = { 'Content-Type': 'application/json' };
const BASIC = { Authorization: basicAuthorization(CLIENT_KEY), ...JSON_TYPE };
const HTML = '<!doctype html><script src="main.js"></script>';
const EVENT = 'event: messages\ndata: [{"queueId":"q1","messageId":"m1","properties":{}}]\n\n';

interface Asked {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Stands in for all services of Customer.io. */
let origin = '';
let asked: Asked[] = [];
let streams: ServerResponse[] = [];
let stop = (): void => {};

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { url: path = '', headers } = request;
  asked.push({ path, headers, body: await text(request) });
  if (path.startsWith('/api/v3/sse')) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
    streams.push(response);
  } else if (path.endsWith('.html')) {
    response.writeHead(200, { 'Content-Type': 'text/html', 'Set-Cookie': 'a=b' }).end(HTML);
  } else if (path.endsWith('.js')) {
    response.writeHead(200, { 'Content-Type': 'text/javascript' }).end('self.x = 1;');
  } else {
    const body = path.startsWith('/api/v4/users') ? JSON.stringify(QUEUE) : '{}';
    response.writeHead(200, { ...JSON_TYPE, 'X-Gist-Queue-Polling-Interval': '30' }).end(body);
  }
}

beforeAll(async () => {
  const { server, port } = await listen(
    createServer((request, response) => {
      answer(request, response).catch(() => response.destroy());
    }),
  );
  origin = `http://127.0.0.1:${port}`;
  stop = () => {
    server.closeAllConnections();
    server.close();
  };
});
afterAll(() => stop());
beforeEach(() => {
  streams.forEach((stream) => stream.destroy());
  [asked, streams] = [[], []];
});

describe.each(SERVERS)('$name', ({ streams: arrival, start }) => {
  let server: RunningServer;

  beforeAll(async () => {
    server = await start({
      writeKey: WRITE_KEY,
      clientKeys: [CLIENT_KEY],
      basePath: '/e',
      origins: [SHOP],
      upstreamUrl: origin,
      customerToken: { secret: SECRET },
      inApp: { siteId: SITE_ID, url: origin, rendererUrl: origin, codeUrl: origin, realtimeUrl: origin },
    });
  });
  afterAll(() => server.stop());

  const send = (path: string, body: object, headers: Record<string, string> = BASIC): Promise<Response> =>
    fetch(`${server.origin}/e${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const as = async (subject: string): Promise<Record<string, string>> =>
    bearer(await signed(claims({ sub: subject })), JSON_TYPE);
  const paths = (): readonly string[] => asked.map(({ path }) => path.replace(/\?.*/, ''));
  const events = (): readonly unknown[] =>
    asked
      .filter(({ path }) => path === '/v1/batch')
      .flatMap(({ body }) => (JSON.parse(body) as { batch: readonly unknown[] }).batch);

  /** Fetches the messages of a person, of whom nobody else is, and returns the first handle. */
  async function handleOf(subject: string): Promise<string> {
    const { messages = [] } = (await (
      await send('/v1/messages/fetch', {}, await as(subject))
    ).json()) as MessagesAnswer;
    return messages[0]?.handle ?? '';
  }

  test('messages are fetched for the person of the token, and for nobody else', async () => {
    const response = await send('/v1/messages/fetch', { userId: 'ünal' }, await as('ünal'));
    expect([response.status, response.headers.get('Cache-Control')]).toEqual([200, 'no-store']);
    expect(await response.json()).toMatchObject({
      messages: [{ queueId: 'q1', handle: expect.stringMatching(/^[\w-]+\.[\w-]{43}$/) }, {}, {}, {}],
      inbox: [{ id: 'i1' }, { id: 'i2' }],
      nextInSeconds: 30,
    });
    expect(asked).toHaveLength(1);
    const token = Buffer.from(String(asked[0]?.headers['x-gist-encoded-user-token']), 'base64').toString();
    expect(token).toBe('ünal');
    const foreign = await send('/v1/messages/fetch', { userId: 'u2' }, await as('u3'));
    expect(await verdict(foreign)).toBe('403 subject_mismatch');
    expect(await fullVerdict(await send('/v1/messages/fetch', {}))).toBe('401 invalid_token missing');
    expect(asked).toHaveLength(1);
  });

  test('a message that was shown is told to the service', async () => {
    const response = await send('/v1/messages/seen', { id: 'q/1' }, await as('u4'));
    expect([response.status, await response.json()]).toEqual([200, { success: true }]);
    expect(paths()).toEqual(['/api/v1/logs/queue/q%2F1']);
  });

  test('a metric becomes the event of the person, alone and in a batch', async () => {
    const handle = await handleOf('u5');
    const alone = await send('/v1/messages/metric', { handle, metric: 'opened', messageId: 'm1' });
    expect([alone.status, await alone.json()]).toEqual([200, { success: true }]);
    const metric = { type: 'metric', messageId: 'm2', timestamp: TIME, handle, metric: 'clicked' };
    const other = event();
    const batch = [other, metric, { ...metric, messageId: 'm3', handle: `${handle}x` }];
    expect(await (await send('/v1/batch', { batch })).json()).toMatchObject({
      success: true,
      rejected: [{ messageId: 'm3', error: 'rejected' }],
    });
    const report = { type: 'track', event: 'Report Delivery Event', userId: 'u5' };
    expect(events()).toEqual([
      expect.objectContaining({ ...report, messageId: 'm1' }),
      other,
      {
        ...report,
        messageId: 'm2',
        timestamp: TIME,
        properties: { deliveryId: 'd1', metric: 'clicked' },
        context: {},
      },
    ]);
    const forged = await send('/v1/messages/metric', { handle: 'a.b', metric: 'opened' });
    expect(await verdict(forged)).toBe('400 invalid_handle');
  });

  test('the page of the frame has its sandbox, and no cookie in either direction', async () => {
    const page = await fetch(`${server.origin}/e/v1/frame/index.html`, { headers: { Cookie: 'session=1' } });
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<script src=')]);
    const policy = page.headers.get('Content-Security-Policy') ?? '';
    expect(policy).toMatch(/^sandbox allow-scripts /);
    expect(policy).not.toContain('allow-same-origin');
    expect(policy).toMatch(new RegExp(`frame-ancestors .*${SHOP}`));
    expect(Object.fromEntries(page.headers)).toMatchObject({
      'content-type': expect.stringContaining('text/html'),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    expect(page.headers.get('Set-Cookie')).toBeNull();
    const file = await fetch(`${server.origin}/e/v1/frame/c/renderer/1.2.3/main.js`);
    expect([file.status, await file.text()]).toEqual([200, 'self.x = 1;']);
    expect(Object.fromEntries(file.headers)).toMatchObject({
      'content-type': expect.stringContaining('text/javascript'),
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': expect.stringContaining('immutable'),
    });
    for (const { headers } of asked) expect(headers).not.toHaveProperty('cookie');
    expect((await fetch(`${server.origin}/e/v1/frame/c/.env`)).status).toBe(404);
  });

  test(`the stream of new messages arrives ${arrival ?? 'in pieces'}, or is refused with 404`, async () => {
    const headers = await as('u6');
    const open = (): Promise<Response> => fetch(`${server.origin}/e/v1/messages/stream`, { headers });
    const answering = open();
    await expect.poll(() => streams.length).toBe(1);
    const [stream] = streams;
    stream?.write(EVENT);
    if (arrival === 'as a whole') stream?.end();
    const response = await answering;
    expect([response.status, response.headers.get('Content-Type')]).toEqual([200, 'text/event-stream']);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let received = '';
    while (!received.includes('\n\nevent: messages')) {
      const { done, value = '' } = (await reader?.read()) ?? { done: true };
      received += value;
      if (done) break;
    }
    expect(received).toContain('"queueId":"q1"');
    if (arrival !== 'as a whole') {
      // The stream is still open: the server closes its own one when the visitor leaves. workerd learns of that only when the next
      // comment is written, 15 seconds later.
      expect(stream?.destroyed).toBe(false);
      await reader?.cancel();
      await expect.poll(() => stream?.destroyed, { timeout: 25_000 }).toBe(true);
    }
    expect(await fullVerdict(await fetch(`${server.origin}/e/v1/messages/stream`, { headers: BASIC }))).toBe(
      '401 invalid_token missing',
    );
  });
});
