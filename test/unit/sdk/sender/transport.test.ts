// @vitest-environment node
import { randomBytes } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { gzip, request } from '../../../../src/sdk/browser.ts';
import { basicAuthorization } from '../../../../src/protocol/wire.ts';
import {
  createTransport,
  type Transport,
  type TransportNeeds,
} from '../../../../src/sdk/sender/transport.ts';
import { type FakeClock, fakeClock, settled } from '../../../fakes/clock.ts';
import { type ProxyServer, startProxyServer } from '../../../fakes/proxy-server.ts';

interface Wire {
  readonly server: ProxyServer;
  readonly transport: Transport;
  readonly clock: FakeClock;
  readonly requests: readonly RequestInit[];
  readsGzip(): boolean;
}

async function wire(more: Partial<TransportNeeds> & { readonly gzips?: boolean } = {}): Promise<Wire> {
  const server = await startProxyServer();
  const clock = fakeClock();
  const requests: RequestInit[] = [];
  let reads = more.gzips ?? false;
  const transport = createTransport({
    url: `${server.url}/e/v1/batch`,
    clock,
    clientKey: { Authorization: basicAuthorization('site-1') },
    delivery: { compression: 'auto', credentials: 'omit', requestTimeoutMs: 15_000 },
    request(url, init) {
      requests.push(init);
      return request(url, init);
    },
    gzip,
    proxyMemory: { get: () => reads, set: (_, now) => void (reads = now) },
    ...more,
  });
  onTestFinished(() => transport.abort());
  return { server, transport, clock, requests, readsGzip: () => reads };
}

const small = (id: string): string => JSON.stringify({ messageId: id });
const large = (id: string): string => JSON.stringify({ messageId: id, text: 'ä'.repeat(2_000) });

/** Makes every compression wait until `goOn` is called. */
function held(): Pick<TransportNeeds, 'gzip'> & { goOn(): void } {
  let goOn = (): void => {};
  const goesOn = new Promise<void>((resolve) => (goOn = resolve));
  return { gzip: (text) => goesOn.then(() => gzip(text)), goOn };
}

/** Random text that compresses to about half of its size. */
const randomText = (length: number): string => randomBytes(length / 2).toString('hex');

const bytesOf = (init: RequestInit | undefined): number =>
  init?.body instanceof Uint8Array ? init.body.byteLength : 0;

async function received(server: ProxyServer, count = 1): Promise<void> {
  while (server.received.length < count) await settled();
}

describe('a request', () => {
  test('is a POST of a batch of JSON, with the client key, to the address of the proxy', async () => {
    const { server, transport } = await wire();
    expect(await transport.send([small('a'), small('b')])).toEqual({ kind: 'delivered' });
    const [{ method, path, headers, batch, sentAt } = {}] = server.received;
    expect({ method, path }).toEqual({ method: 'POST', path: '/e/v1/batch' });
    expect(headers).toMatchObject({
      authorization: `Basic ${Buffer.from('site-1:').toString('base64')}`,
      'content-type': 'application/json',
    });
    expect(headers?.['content-encoding']).toBeUndefined();
    expect(batch).toEqual([{ messageId: 'a' }, { messageId: 'b' }]);
    expect(sentAt).toBe('2026-01-02T03:04:05.000Z');
  });

  test('sends no cookies, and follows nobody', async () => {
    const { transport, requests } = await wire();
    await transport.send([small('a')]);
    expect(requests[0]).toMatchObject({ credentials: 'omit', redirect: 'manual' });
  });

  test.each(['same-origin', 'include'] as const)(
    'carries cookies with %s, also the one that asks whether the proxy answers',
    async (credentials) => {
      const { transport, requests } = await wire({
        delivery: { compression: 'auto', credentials, requestTimeoutMs: 15_000 },
      });
      await transport.send([small('a')]);
      await transport.send([]);
      await transport.send([small('b')], { leaving: true });
      expect(requests.map((each) => each.credentials)).toEqual([credentials, credentials, credentials]);
    },
  );

  test('with no events asks whether the proxy answers', async () => {
    const { server, transport } = await wire();
    expect(await transport.send([])).toEqual({ kind: 'delivered' });
    expect(server.received[0]?.text).toBe('{"batch":[],"sentAt":"2026-01-02T03:04:05.000Z"}');
  });
});

describe('an answer', () => {
  test('of 503 says when to come again', async () => {
    const { server, transport } = await wire();
    server.respond({ status: 503, headers: { 'Retry-After': '7' } });
    expect(await transport.send([small('a')])).toEqual({ kind: 'busy', status: 503, afterMs: 7_000 });
  });

  test('says it as a date by the clock of the server', async () => {
    const { server, transport } = await wire();
    server.respond({
      status: 503,
      headers: { 'Retry-After': 'Tue, 01 Jan 2030 00:01:00 GMT', Date: 'Tue, 01 Jan 2030 00:00:00 GMT' },
    });
    expect(await transport.send([small('a')])).toEqual({ kind: 'busy', status: 503, afterMs: 60_000 });
  });

  test('that redirects is not followed', async () => {
    const { server, transport } = await wire();
    server.respond({ status: 302, headers: { Location: `${server.url}/elsewhere` } });
    // A browser shows only that there was a redirect.
    expect(await transport.send([small('a')])).toMatchObject({ kind: 'foreign' });
    expect(server.received).toHaveLength(1);
  });

  test('that redirects is followed where that is wanted, and says where it led', async () => {
    // Node cannot send the same byte stream again, as a redirect requires; it can send a text again.
    const { server, transport } = await wire({
      request: (url, init) =>
        request(url, { ...init, body: new TextDecoder().decode(init.body as Uint8Array) }),
    });
    server.respond(({ path }) =>
      path.endsWith('/') ? { status: 200 } : { status: 308, headers: { Location: `${server.url}${path}/` } },
    );
    expect(await transport.send([], { follow: true })).toEqual({
      kind: 'delivered',
      url: `${server.url}/e/v1/batch/`,
    });
    transport.sendTo(`${server.url}/e/v1/batch/`);
    expect(await transport.send([small('a')])).toEqual({ kind: 'delivered' });
    expect(server.received.at(-1)).toMatchObject({ path: '/e/v1/batch/', batch: [{ messageId: 'a' }] });
    transport.sendTo();
    expect(await transport.send([small('b')])).toMatchObject({ kind: 'foreign' });
  });

  test('that is a web page is no delivery', async () => {
    const { server, transport } = await wire();
    server.respond({ headers: { 'Content-Type': 'text/html' }, body: '<!DOCTYPE html>' });
    expect(await transport.send([small('a')])).toEqual({
      kind: 'foreign',
      status: 200,
      body: '<!DOCTYPE html>',
    });
  });

  test('that does not come is given up after the time-out', async () => {
    const { server, transport, clock } = await wire();
    server.respond('silence');
    const outcome = transport.send([small('a')]);
    await received(server);
    await clock.advance(14_999);
    await clock.advance(1);
    expect(await outcome).toEqual({ kind: 'unanswered', status: 0 });
    expect(clock.timers()).toEqual([]);
  });

  test('whose body does not come is none', async () => {
    const { server, transport } = await wire();
    server.respond('half an answer');
    expect(await transport.send([small('a')])).toEqual({ kind: 'unanswered', status: 0 });
  });

  test('is missing when the connection is cut', async () => {
    const { server, transport, clock } = await wire();
    server.respond('hang-up');
    expect(await transport.send([small('a')])).toEqual({ kind: 'unanswered', status: 0 });
    expect(clock.timers()).toEqual([]);
  });

  test('is missing when nobody is there', async () => {
    const { transport } = await wire({ url: 'http://127.0.0.1:9/v1/batch' });
    expect(await transport.send([small('a')])).toEqual({ kind: 'unanswered', status: 0 });
  });

  test('is missing when the browser has no fetch', async () => {
    const { transport } = await wire({
      request() {
        throw new ReferenceError('fetch is not defined');
      },
    });
    expect(await transport.send([small('a')])).toEqual({ kind: 'unanswered', status: 0 });
  });

  test('is no longer waited for after an abort', async () => {
    const { server, transport, clock } = await wire();
    server.respond('silence');
    const outcome = transport.send([small('a')]);
    await received(server);
    transport.abort();
    expect(await outcome).toEqual({ kind: 'aborted' });
    expect(clock.timers()).toEqual([]);
  });
});

describe('gzip', () => {
  test('is used once the proxy has said that it reads it', async () => {
    const { server, transport, readsGzip } = await wire();
    server.respond({ headers: { 'Accept-Encoding': 'br, gzip' } });
    await transport.send([large('a')]);
    expect(readsGzip()).toBe(true);
    await transport.send([large('b')]);
    expect(server.received.map(({ headers }) => headers['content-encoding'])).toEqual([undefined, 'gzip']);
    expect(server.taken.map(({ messageId }) => messageId)).toEqual(['a', 'b']);
    expect(Number(server.received[1]?.headers['content-length'])).toBeLessThan(300);
  });

  test.each([
    ['does not speak of it', {}],
    ['speaks of something else', { 'Accept-Encoding': 'identity, br' }],
  ])('stays what it was when an answer %s', async (_, headers) => {
    for (const gzips of [true, false]) {
      const { server, transport, readsGzip } = await wire({ gzips });
      server.respond({ headers });
      await transport.send([large('a')]);
      expect(readsGzip()).toBe(gzips);
    }
  });

  test.each([415, 400, 403, 404, 422])(
    'is over when %i answers it, and a plain request passes',
    async (status) => {
      const { server, transport, readsGzip } = await wire({ gzips: true });
      server.respond(({ headers }) => ({ status: headers['content-encoding'] ? status : 200 }));
      expect(await transport.send([large('a')])).toEqual({ kind: 'delivered' });
      expect(readsGzip()).toBe(false);
      expect(await transport.send([large('b')])).toEqual({ kind: 'delivered' });
      expect(server.received.map(({ headers }) => headers['content-encoding'])).toEqual([
        'gzip',
        undefined,
        undefined,
      ]);
    },
  );

  test('stays where the plain request is refused too: it is not about the packing', async () => {
    const { server, transport, readsGzip } = await wire({ gzips: true });
    server.respond({ status: 400 });
    expect(await transport.send([large('a')])).toMatchObject({ kind: 'rejected', status: 400 });
    expect(server.received).toHaveLength(2);
    expect(readsGzip()).toBe(true);
  });

  test.each([401, 408, 425, 429, 500, 503])('is not doubted when %i answers it', async (status) => {
    const { server, transport, readsGzip } = await wire({ gzips: true });
    server.respond({ status });
    await transport.send([large('a')]);
    expect(server.received).toHaveLength(1);
    expect(readsGzip()).toBe(true);
  });

  test('is not worth it for a few bytes', async () => {
    const { server, transport } = await wire({ gzips: true });
    await transport.send([small('a')]);
    expect(server.received[0]?.headers['content-encoding']).toBeUndefined();
  });

  test('takes time that a page which is leaving does not have', async () => {
    const { server, transport } = await wire({ gzips: true });
    await transport.send([large('a')], { leaving: true });
    expect(server.received[0]?.headers['content-encoding']).toBeUndefined();
  });

  describe('of a page that begins to leave meanwhile', () => {
    test('is given up: the batch goes at once as it is, and beyond the end of the page', async () => {
      const { server, transport, requests } = await wire({ gzips: true, gzip: held().gzip });
      const outcome = transport.send([large('a')]);
      const all = transport.keepaliveRoom();
      transport.hurry();
      expect(requests[0]?.keepalive).toBe(true);
      expect(transport.keepaliveRoom()).toBeLessThan(all - 4_000);
      expect(await outcome).toEqual({ kind: 'delivered' });
      expect(server.received.map(({ headers }) => headers['content-encoding'])).toEqual([undefined]);
    });

    test('goes on where the batch is larger than what a page may leave behind, and may then take all of it', async () => {
      const compression = held();
      const { server, transport, requests } = await wire({ gzips: true, gzip: compression.gzip });
      const outcome = transport.send([JSON.stringify({ messageId: 'a', text: randomText(70_000) })]);
      transport.hurry();
      expect(requests).toEqual([]);
      compression.goOn();
      expect(await outcome).toEqual({ kind: 'delivered' });
      expect(server.taken.map(({ messageId }) => messageId)).toEqual(['a']);
      expect(bytesOf(requests[0])).toBeGreaterThan(24 * 1024);
      expect(requests[0]?.keepalive).toBe(true);
    });

    test('may end after all: nothing is sent twice, nor hurried again', async () => {
      const compression = held();
      const { transport, requests } = await wire({ gzips: true, gzip: compression.gzip });
      const outcome = transport.send([large('a')]);
      transport.hurry();
      transport.hurry();
      compression.goOn();
      await outcome;
      transport.hurry();
      expect(requests).toHaveLength(1);
    });
  });

  test('of what is cut off meanwhile comes to nothing', async () => {
    const compression = held();
    const { server, transport, clock } = await wire({ gzips: true, gzip: compression.gzip });
    const outcome = transport.send([large('a')]);
    transport.abort();
    compression.goOn();
    expect(await outcome).toEqual({ kind: 'aborted' });
    expect(server.received).toEqual([]);
    expect(clock.timers()).toEqual([]);
  });

  test.each([
    ['cannot', () => Promise.resolve(undefined)],
    ['fails', () => Promise.reject(new Error('no memory'))],
  ])('goes without where the browser %s', async (_, broken) => {
    const { server, transport } = await wire({ gzips: true, gzip: broken });
    expect(await transport.send([large('a')])).toEqual({ kind: 'delivered' });
    expect(server.received[0]?.headers['content-encoding']).toBeUndefined();
  });
});

describe('the bytes that a page may leave behind', () => {
  test('are counted in UTF-8, while a request is in flight, and given back after each end that it can have', async () => {
    const { server, transport, clock, requests } = await wire();
    const all = transport.keepaliveRoom();
    expect(all).toBeLessThanOrEqual(64 * 1024);
    for (const reply of [{ status: 200 }, { status: 500 }, 'hang-up', 'half an answer'] as const) {
      server.respond(reply);
      const outcome = transport.send([large('a')], { leaving: true });
      expect(transport.keepaliveRoom()).toBe(all - bytesOf(requests.at(-1)));
      await outcome;
      expect(transport.keepaliveRoom()).toBe(all);
    }
    server.respond('silence');
    const silent = transport.send([large('a')], { leaving: true });
    await clock.advance(15_000);
    await silent;
    expect(transport.keepaliveRoom()).toBe(all);
  });

  test('are never more in flight at once than the browser allows', async () => {
    const { server, transport, requests } = await wire();
    server.respond('silence');
    const outcomes = Array.from({ length: 30 }, (_, i) =>
      transport.send([large(String(i))], { leaving: i % 3 === 0 }),
    );
    await received(server, 20);
    const alive = requests.filter(({ keepalive }) => keepalive);
    expect(alive.length).toBeGreaterThan(5);
    expect(alive.reduce((sum, init) => sum + bytesOf(init), 0)).toBeLessThanOrEqual(64 * 1024);
    transport.abort();
    await Promise.all(outcomes);
    expect(transport.keepaliveRoom()).toBeGreaterThan(60 * 1024);
  });

  test('leave some for the last words of the page when it is not leaving', async () => {
    const { transport, requests } = await wire();
    await transport.send([JSON.stringify({ text: 'x'.repeat(40_000) })]);
    expect(requests[0]?.keepalive).toBe(false);
    await transport.send([JSON.stringify({ text: 'x'.repeat(10_000) })]);
    expect(requests[1]?.keepalive).toBe(true);
  });

  test('do not keep a batch from being sent that is larger than all of them', async () => {
    const { transport, requests } = await wire();
    expect(await transport.send([JSON.stringify({ text: 'x'.repeat(200_000) })], { leaving: true })).toEqual({
      kind: 'delivered',
    });
    expect(requests[0]?.keepalive).toBe(false);
  });
});

describe('a request that the browser does not keep alive, because another script holds the bytes for that,', () => {
  const refuses = (): { readonly asked: RequestInit[] } & Pick<TransportNeeds, 'request'> => {
    const asked: RequestInit[] = [];
    return {
      asked,
      request(url, init) {
        asked.push(init);
        return init.keepalive ? Promise.reject(new TypeError('Failed to fetch')) : request(url, init);
      },
    };
  };

  test('is sent at once without that', async () => {
    const { asked, request: refusing } = refuses();
    const { server, transport, clock } = await wire({ request: refusing });
    expect(await transport.send([small('a')])).toEqual({ kind: 'delivered' });
    expect(asked.map(({ keepalive }) => keepalive)).toEqual([true, false]);
    expect(server.taken.map(({ messageId }) => messageId)).toEqual(['a']);
    expect(clock.timers()).toEqual([]);
    expect(transport.keepaliveRoom()).toBe(63 * 1024);
  });

  test('is one request more for an outage, not one for each try', async () => {
    const asked: RequestInit[] = [];
    const { transport } = await wire({
      request(_url, init) {
        asked.push(init);
        return Promise.reject(new TypeError('Failed to fetch'));
      },
    });
    for (let i = 0; i < 4; i++)
      expect(await transport.send([small('a')])).toEqual({ kind: 'unanswered', status: 0 });
    expect(asked.map(({ keepalive }) => keepalive)).toEqual([true, false, false, false, false]);
  });

  test('is not sent at once where it was cut off later: another page may have sent its events meanwhile', async () => {
    const asked: RequestInit[] = [];
    let cutOff = (): void => undefined;
    const { transport, clock } = await wire({
      request(_url, init) {
        asked.push(init);
        return new Promise((_resolve, reject) => (cutOff = () => reject(new TypeError('Failed to fetch'))));
      },
    });
    const sending = transport.send([small('a')]);
    await clock.advance(2_000);
    cutOff();
    expect(await sending).toEqual({ kind: 'unanswered', status: 0 });
    expect(asked).toHaveLength(1);
  });

  test('stays what it is where the page is leaving', async () => {
    const { asked, request: refusing } = refuses();
    const { transport } = await wire({ request: refusing });
    expect(await transport.send([small('a')], { leaving: true })).toEqual({ kind: 'unanswered', status: 0 });
    expect(asked).toHaveLength(1);
  });

  test('can still be cut off', async () => {
    const { asked, request: refusing } = refuses();
    const { server, transport, clock } = await wire({ request: refusing });
    server.respond('silence');
    const outcome = transport.send([small('a')]);
    await received(server);
    transport.abort();
    expect(await outcome).toEqual({ kind: 'aborted' });
    expect(asked).toHaveLength(2);
    expect(clock.timers()).toEqual([]);
  });
});

describe('a request whose answer is to be left for the next page', () => {
  test('says its name, and takes cookies from the same origin only', async () => {
    const { server, transport, requests } = await wire();
    const asked: boolean[] = [];
    const ack = (leaving: boolean): string | undefined => {
      asked.push(leaving);
      return leaving ? 'name1' : undefined;
    };
    await transport.send([small('a')], { ack });
    await transport.send([small('b')], { leaving: true, ack });
    expect(asked).toEqual([false, true]);
    expect(requests.map(({ credentials }) => credentials)).toEqual(['omit', 'same-origin']);
    expect(server.received.map(({ headers }) => headers['x-cio-ack'])).toEqual([undefined, 'name1']);
  });

  test('is asked for its name late: a page may begin to leave while the batch is being compressed', async () => {
    const { server, transport } = await wire({ gzips: true, gzip: held().gzip });
    const outcome = transport.send([large('a')], { ack: (leaving) => (leaving ? 'name2' : undefined) });
    transport.hurry();
    await outcome;
    expect(server.received[0]?.headers['x-cio-ack']).toBe('name2');
  });
});
