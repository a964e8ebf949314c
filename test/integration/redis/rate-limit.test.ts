// @vitest-environment node
/** Proxies that count their requests in one Redis, which is frozen and then works again. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startRedis } from '../../support/brokers/redis-server.ts';
import { post, startProxy, verdict } from '../proxy/setup.ts';
import { CLIENTS, startCopies } from './setup.ts';

const CLIENT_IP = { clientIp: 'x-real-ip' } as const;
const from = (address: string): Request => post(undefined, { headers: { 'X-Real-IP': address } });

describe.each(CLIENTS.slice(0, 1).concat(CLIENTS.slice(-1)))('$name', (kind) => {
  test('two copies share a limit; a hanging Redis delays one request, and is used again when it responds', async () => {
    const server = await startRedis();
    onTestFinished(() => server.remove());
    const stores = await startCopies(kind, server.url, 2);
    const proxies = await Promise.all(
      stores.map(async (store) => {
        const rateLimit = { perAddress: 40, perKey: 10_000, windowMs: 120_000, store };
        return (await startProxy({ ...CLIENT_IP, rateLimit })).proxy;
      }),
    );
    const send = (count: number, address: string): Promise<readonly string[]> =>
      Promise.all(
        Array.from({ length: count }, async (_, i) =>
          verdict((await proxies[i % 2]?.fetch(from(address))) ?? new Response()),
        ),
      );
    const answers = await send(80, '203.0.113.7');
    expect(answers.filter((answer) => answer === '200')).toHaveLength(40);
    expect(answers.filter((answer) => answer === '429 rate_limited')).toHaveLength(40);

    server.freeze();
    const frozenAt = performance.now();
    expect(new Set(await send(2, '203.0.113.7'))).toEqual(new Set(['200']));
    const waitedMs = performance.now() - frozenAt;
    expect(waitedMs).toBeGreaterThan(900);
    expect(waitedMs).toBeLessThan(1_900);
    const restAt = performance.now();
    for (let i = 0; i < 50; i += 1) expect(new Set(await send(2, '203.0.113.7'))).toEqual(new Set(['200']));
    expect(performance.now() - restAt).toBeLessThan(1_500);

    server.thaw();
    await vi.waitFor(async () => expect(await send(2, '203.0.113.7')).toContain('429 rate_limited'), {
      timeout: 15_000,
      interval: 200,
    });
  });
});
