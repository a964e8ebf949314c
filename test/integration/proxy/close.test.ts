// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { listen, send } from './listen.ts';
import { post, startProxy, verdict } from './setup.ts';

describe('closing a proxy', () => {
  test('finishes requests in flight, refuses new ones, and resolves after that', async () => {
    const { proxy, upstream } = await startProxy({ files: () => 'script' });
    const url = await listen(proxy.node);
    let accept = (): void => {};
    const accepted = new Promise<void>((resolve) => (accept = resolve));
    upstream.respond(async () => {
      await accepted;
      return {};
    });
    const begun = send(url);
    await expect.poll(() => upstream.received.length).toBe(1);

    let done = false;
    const closed = proxy.close().then(() => (done = true));
    const refused = await send(url);
    expect(refused.headers.get('Retry-After')).toMatch(/^\d+$/);
    expect(refused.headers.get('Connection')).toBe('close');
    expect(await verdict(refused)).toBe('503 closing');
    // A page that is opened during the shutdown still gets its script.
    expect((await fetch(`${url}/cio.js`)).status).toBe(200);
    expect(done).toBe(false);

    accept();
    expect(await verdict(await begun)).toBe('200');
    await closed;
    expect(upstream.received).toHaveLength(1);
  });

  test('resolves at once if nothing is in flight, and may be closed twice', async () => {
    const { proxy } = await startProxy();
    await Promise.all([proxy.close(), proxy.close({ timeoutMs: 1 })]);
    expect(await verdict(await proxy.fetch(post()))).toBe('503 closing');
  });

  test('does not wait for ever', async () => {
    const { proxy, upstream } = await startProxy();
    upstream.respond('silence');
    void proxy.fetch(post());
    await expect.poll(() => upstream.received.length).toBe(1);
    await proxy.close({ timeoutMs: 10 });
    expect(upstream.received).toHaveLength(1);
  });

  test('resolves all calls of close()', async () => {
    const { proxy, upstream } = await startProxy();
    let accept = (): void => {};
    upstream.respond(async () => {
      await new Promise<void>((resolve) => (accept = resolve));
      return {};
    });
    const begun = proxy.fetch(post());
    await expect.poll(() => upstream.received.length).toBe(1);
    const both = Promise.all([proxy.close(), proxy.close()]);
    accept();
    await both;
    expect(await verdict(await begun)).toBe('200');
  });
});
