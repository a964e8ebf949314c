// @vitest-environment node
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { FetchLike, ProxyLogEntry } from '../../../src/proxy.ts';
import { listen, send } from './listen.ts';
import { post, startProxy, verdict } from './setup.ts';

/** A promise that the test resolves, for an upstream that holds back its response. */
function createDoor(): { opened: Promise<void>; open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** A `fetch` that ignores the abort signal. */
const deaf: FetchLike = (url, init) => fetch(url, { ...init, signal: null });

const verdictOf = async (response: Promise<Response>): Promise<string> => verdict(await response);

describe('concurrency', () => {
  test('at most the configured number of requests is in flight, the others wait, and all arrive', async () => {
    const { proxy, upstream } = await startProxy({ upstream: { maxConcurrent: 3, merge: false } });
    const url = await listen(proxy.node);
    const { opened, open } = createDoor();
    let [now, most] = [0, 0];
    upstream.respond(async () => {
      now += 1;
      most = Math.max(most, now);
      if (now === 3) open();
      await opened;
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      return {};
    });
    const answers = await Promise.all(Array.from({ length: 30 }, () => verdictOf(send(url))));
    expect(new Set(answers)).toEqual(new Set(['200']));
    expect(most).toBe(3);
    expect(upstream.received).toHaveLength(30);
  });

  test('when the queue is full, browsers get 503 at once', async () => {
    const { opened, open } = createDoor();
    const { proxy, upstream } = await startProxy({ upstream: { maxConcurrent: 1, maxQueued: 1 } });
    upstream.respond(async () => {
      await opened;
      return {};
    });
    const first = verdictOf(proxy.fetch(post()));
    await expect.poll(() => upstream.received.length).toBe(1);
    const second = verdictOf(proxy.fetch(post()));
    const third = await proxy.fetch(post());
    expect(third.headers.get('Retry-After')).toMatch(/^\d+$/);
    expect(await verdict(third)).toBe('503 upstream_unavailable');
    open();
    expect([await first, await second]).toEqual(['200', '200']);
    expect(upstream.received).toHaveLength(2);
  });

  test('a request that waits too long gets 503, and is not sent afterwards', async () => {
    const { opened, open } = createDoor();
    const { proxy, upstream } = await startProxy({
      timeoutMs: 200,
      upstream: { maxConcurrent: 1, retries: 0 },
      fetch: deaf,
    });
    upstream.respond(async () => {
      await opened;
      return {};
    });
    const both = [proxy.fetch(post()), proxy.fetch(post())];
    expect(await Promise.all(both.map(verdictOf))).toEqual([
      '503 upstream_unavailable',
      '503 upstream_unavailable',
    ]);
    const before = upstream.received.length;
    open();
    expect(await verdict(await proxy.fetch(post()))).toBe('200');
    expect(upstream.received).toHaveLength(before + 1);
  });

  test('no more requests a second are sent than Customer.io permits', async () => {
    const { proxy, upstream } = await startProxy({ upstream: { maxPerSecond: 1 } });
    const answers: string[] = [];
    for (let i = 0; i < 5; i += 1) answers.push(await verdict(await proxy.fetch(post())));
    expect(answers).toEqual(['200', '200', '200', '503 upstream_unavailable', '503 upstream_unavailable']);
    expect(upstream.received).toHaveLength(3);
  });
});

describe('a batch is sent again', () => {
  test.each([502, 503, 504])('after %i, in the same request', async (status) => {
    const log: ProxyLogEntry[] = [];
    const { proxy, upstream } = await startProxy({ onLog: (entry) => log.push(entry) });
    upstream.respond(() => (upstream.received.length < 3 ? { status } : {}));
    expect(await verdict(await proxy.fetch(post()))).toBe('200');
    expect(upstream.received).toHaveLength(3);
    expect(new Set(upstream.received.map(({ text }) => text)).size).toBe(1);
    expect(log[0]).toMatchObject({ status: 200, upstreamRequests: 3, upstreamStatus: 200 });
  });

  test('when the connection was refused', async () => {
    const { upstream } = await startProxy();
    let tries = 0;
    const flaky: FetchLike = (url, init) => {
      tries += 1;
      return fetch(tries === 1 ? 'http://127.0.0.1:1' : url, init);
    };
    const { proxy } = await startProxy({ fetch: flaky, upstreamUrl: upstream.url });
    expect(await verdict(await proxy.fetch(post()))).toBe('200');
    expect(tries).toBe(2);
  });

  test('not more often than configured', async () => {
    const { proxy, upstream } = await startProxy({ upstream: { retries: 1 } });
    upstream.respond({ status: 503 });
    expect(await verdict(await proxy.fetch(post()))).toBe('503 upstream_unavailable');
    expect(upstream.received).toHaveLength(2);
  });

  test.each([400, 401, 408, 413, 429, 500])('not after %i', async (status) => {
    const { proxy, upstream } = await startProxy();
    upstream.respond({ status });
    await proxy.fetch(post());
    expect(upstream.received).toHaveLength(1);
  });

  test.each(['9', '0'])('not when Customer.io sends Retry-After: %s', async (retryAfter) => {
    const { proxy, upstream } = await startProxy();
    upstream.respond({ status: 503, headers: { 'Retry-After': retryAfter } });
    expect((await proxy.fetch(post())).headers.get('Retry-After')).toBe(retryAfter);
    expect(upstream.received).toHaveLength(1);
  });

  test('not after the request timeout', async () => {
    const { proxy, upstream } = await startProxy({ timeoutMs: 40 });
    upstream.respond({ status: 503 });
    expect(await verdict(await proxy.fetch(post()))).toBe('503 upstream_unavailable');
    expect(upstream.received).toHaveLength(1);
  });

  test('not when the wait would be longer than the remaining time', async () => {
    // The waits are 100, 200, 400 and 800 ms.
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    onTestFinished(() => void vi.restoreAllMocks());
    const log: ProxyLogEntry[] = [];
    const { proxy, upstream } = await startProxy({
      timeoutMs: 1_500,
      upstream: { retries: 10, breakAfter: 100 },
      onLog: (entry) => log.push(entry),
    });
    upstream.respond({ status: 503 });
    await proxy.fetch(post());
    expect(upstream.received.length).toBe(4);
    // The log must name the 503, and not a timeout.
    expect(log[0]?.detail).toBe('Customer.io returned 503.');
  });
});

describe('while Customer.io is down', () => {
  const LIMITS = { retries: 0, breakAfter: 2 };

  test('browsers get 503 at once, and no request is sent', async () => {
    const { proxy, upstream } = await startProxy({ upstream: LIMITS });
    upstream.respond('hang-up');
    for (let i = 0; i < 2; i += 1) await proxy.fetch(post());
    upstream.respond('silence');
    const response = await proxy.fetch(post());
    expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(await verdict(response)).toBe('503 upstream_unavailable');
    expect(upstream.received).toHaveLength(2);
  });

  test('one trial request is sent after a pause, and all are sent when it succeeds', async () => {
    const { proxy, upstream } = await startProxy({ upstream: { ...LIMITS, pauseMs: 20 } });
    upstream.respond({ status: 503 });
    for (let i = 0; i < 2; i += 1) await proxy.fetch(post());
    const { opened, open } = createDoor();
    upstream.respond(async () => {
      await opened;
      return {};
    });
    const tries: Promise<string>[] = [];
    await expect
      .poll(
        () => {
          tries.push(verdictOf(proxy.fetch(post())));
          return upstream.received.length;
        },
        { interval: 5 },
      )
      .toBe(3);
    // The trial request has no response yet, so no other request may be sent.
    expect(await verdict(await proxy.fetch(post()))).toBe('503 upstream_unavailable');
    expect(upstream.received).toHaveLength(3);
    open();
    expect((await Promise.all(tries)).filter((answer) => answer === '200')).toHaveLength(1);
    expect(await verdict(await proxy.fetch(post()))).toBe('200');
  });

  test('a 429 with Retry-After is passed on, and applies to all requests', async () => {
    const { proxy, upstream } = await startProxy();
    upstream.respond({ status: 429, headers: { 'Retry-After': '30' } });
    expect((await proxy.fetch(post())).headers.get('Retry-After')).toBe('30');
    upstream.respond({});
    const response = await proxy.fetch(post());
    expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(20);
    expect(await verdict(response)).toBe('503 upstream_unavailable');
    expect(upstream.received).toHaveLength(1);
  });

  test('a response after the timeout counts as a failure, also with a fetch that ignores its signal', async () => {
    const { proxy, upstream } = await startProxy({
      timeoutMs: 300,
      upstream: LIMITS,
      fetch: deaf,
    });
    upstream.respond('silence');
    for (let i = 0; i < 2; i += 1) await proxy.fetch(post());
    await proxy.fetch(post());
    expect(upstream.received).toHaveLength(2);
  });

  test('the rest of the proxy still works', async () => {
    const { proxy, upstream } = await startProxy({ upstream: LIMITS, files: () => 'script' });
    upstream.respond('hang-up');
    for (let i = 0; i < 3; i += 1) await proxy.fetch(post());
    expect(await verdict(await proxy.fetch(post([])))).toBe('200');
    expect((await proxy.fetch(new Request('https://events.example.com/cio.js'))).status).toBe(200);
  });
});
