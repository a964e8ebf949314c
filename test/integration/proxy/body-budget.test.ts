// @vitest-environment node
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createBodyBudget } from '../../../src/proxy/http/body-budget.ts';
import type { CioProxy } from '../../../src/proxy.ts';
import { basicAuthorization } from '../../../src/protocol/wire.ts';
import { CLIENT_KEY, event, post, startProxy, verdict } from './setup.ts';

describe('the byte budget for request bodies', () => {
  test('are reserved until they are released, up to the limit', () => {
    const budget = createBodyBudget(100);
    const [one, two] = [budget.open(undefined), budget.open(undefined)];
    expect([one.hold(60), two.hold(50), two.hold(40), one.hold(61)]).toEqual([true, false, true, false]);
    one.close();
    expect(two.hold(100)).toBe(true);
    two.close();
    two.close();
    expect(one.hold(101)).toBe(false);
    expect(one.hold(100)).toBe(true);
  });

  test('are limited to an eighth for one IP address when half of the budget is used', () => {
    const budget = createBodyBudget(800);
    const attacker = Array.from({ length: 10 }, () => budget.open('198.51.100.66'));
    // While less than half of the budget is used, one IP address may hold all of that half.
    expect(attacker.map((lease) => lease.hold(100)).filter(Boolean)).toHaveLength(4);
    expect(budget.open('203.0.113.1').hold(100)).toBe(true);
    expect(budget.open('203.0.113.1').hold(1)).toBe(false);
    expect(budget.open('203.0.113.2').hold(100)).toBe(true);
    // IPv6 addresses of one /64 network count together.
    expect(budget.open('2001:db8::1').hold(60)).toBe(true);
    expect(budget.open('2001:db8::2').hold(60)).toBe(false);
  });

  test('may always be reduced', () => {
    const budget = createBodyBudget(100);
    const lease = budget.open('203.0.113.1');
    lease.hold(50);
    expect(lease.hold(20)).toBe(true);
    expect(budget.open('203.0.113.2').hold(30)).toBe(true);
  });
});

async function listen(proxy: CioProxy): Promise<number> {
  const server: Server = createServer(proxy.node);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function open(port: number): { readonly socket: Socket; readonly answer: () => string } {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => (answer += String(chunk)));
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  return { socket, answer: () => answer };
}

const head = (length: number): string =>
  [
    'POST /v1/batch HTTP/1.1',
    'Host: localhost',
    `Authorization: ${basicAuthorization(CLIENT_KEY)}`,
    'Content-Type: application/json',
    `Content-Length: ${length}`,
    '\r\n',
  ].join('\r\n');

describe('an exhausted byte budget', () => {
  test('bodies that never end: further requests get 503, and are accepted again when the bodies are gone', async () => {
    const { proxy, upstream } = await startProxy({ maxInFlightBytes: 400_000, clientIp: 'x-real-ip' });
    const port = await listen(proxy);
    const slow = Array.from({ length: 5 }, () => open(port));
    for (const { socket } of slow) socket.write(head(100_000) + 'x'.repeat(90_000));
    // Only four of the five bodies fit. The connection of the refused one is closed, so that the rest of its
    // body is not read.
    await expect.poll(() => slow.filter(({ answer }) => answer().includes('503')).length).toBeGreaterThan(0);
    const refused = slow.find(({ answer }) => answer() !== '')?.answer() ?? '';
    expect(refused).toContain('"error":"overloaded"');
    expect(refused).toMatch(/Retry-After: \d+/);
    const send = (): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}/v1/batch`, {
        method: 'POST',
        headers: Object.fromEntries(post().headers),
        body: JSON.stringify({ batch: [event({ properties: { text: 'x'.repeat(30_000) } })] }),
      });
    slow.forEach(({ socket }) => socket.destroy());
    await expect.poll(async () => verdict(await send())).toBe('200');
    expect(upstream.received).toHaveLength(1);
  });

  test('compressed bodies count with their decompressed size, and are refused before decompression', async () => {
    const { proxy, upstream } = await startProxy({ maxInFlightBytes: 600_000, upstream: { merge: false } });
    let answer = (): void => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    upstream.respond(() => answered.then(() => ({})));
    const packed = (): Request => {
      const batch = Array.from({ length: 10 }, () => event({ properties: { text: 'x'.repeat(29_000) } }));
      return post([], { headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(JSON.stringify({ batch })) });
    };
    const first = proxy.fetch(packed());
    await expect.poll(() => upstream.received.length).toBe(1);
    // 290 KB are held, and the new request could need 500 KB.
    expect(await verdict(await proxy.fetch(packed()))).toBe('503 overloaded');
    answer();
    expect(await verdict(await first)).toBe('200');
    expect(await verdict(await proxy.fetch(packed()))).toBe('200');
  });
});

describe('a connection', () => {
  test('is closed when too many requests arrive before the first response, and other connections are served', async () => {
    const { proxy } = await startProxy({ files: () => 'x'.repeat(50_000) });
    const port = await listen(proxy);
    const { socket, answer } = open(port);
    socket.pause();
    socket.write('GET /cio.js HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(2_000));
    await expect.poll(() => socket.destroyed || socket.resume().destroyed, { timeout: 5_000 }).toBe(true);
    expect(answer().split('HTTP/1.1 200').length).toBeLessThan(200);
    const other = await fetch(`http://127.0.0.1:${port}/v1/health`);
    expect(other.status).toBe(200);
  });

  test('may have a few requests in flight, which are answered in order', async () => {
    const { proxy } = await startProxy({ files: () => 'script' });
    const port = await listen(proxy);
    const { socket, answer } = open(port);
    socket.write(
      'GET /cio.js HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(20) +
        'GET /v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    );
    await new Promise((resolve) => socket.on('close', resolve));
    expect(answer().split('HTTP/1.1 200')).toHaveLength(22);
    expect(answer().trim()).toMatch(/"upstream":"up"\}$/);
  });

  test('is closed after a refused body instead of being read for ever', async () => {
    const { proxy } = await startProxy();
    const port = await listen(proxy);
    const { socket, answer } = open(port);
    socket.write(head(1_000_000_000));
    const timer = setInterval(() => socket.write('x'.repeat(1_000)), 50);
    onTestFinished(() => clearInterval(timer));
    await expect.poll(answer).toContain('413');
    await expect.poll(() => socket.destroyed, { timeout: 5_000 }).toBe(true);
  });
});
