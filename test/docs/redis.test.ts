// @vitest-environment node
/** The documentation's proxies with several copies, unchanged: two processes each, with a real Redis or NATS. */
import { createServer } from 'node:http';
import { expect, onTestFinished, test, vi } from 'vitest';
import { basicAuthorization } from '../../src/protocol/wire.ts';
import { listen } from '../support/server/listen.ts';
import { startNats } from '../support/brokers/nats-server.ts';
import { runExample } from '../support/docs/example-program.ts';
import { startRedis } from '../support/brokers/redis-server.ts';
import { event, WRITE_KEY } from '../integration/proxy/setup.ts';
import { startUpstream } from '../integration/proxy/upstream.ts';

async function freePort(): Promise<number> {
  const { server, port } = await listen(createServer());
  server.close();
  return port;
}

async function redis(): Promise<Readonly<Record<string, string>>> {
  const { url, remove } = await startRedis();
  onTestFinished(remove);
  return { REDIS_URL: url };
}

async function nats(): Promise<Readonly<Record<string, string>>> {
  const { url, remove } = await startNats();
  onTestFinished(remove);
  return { NATS_URL: url };
}

test.each([
  ['Redis', 'createClient({ url', redis],
  ['NATS', 'natsStore(kv)', nats],
])(
  '%s: an event that is sent to two copies is delivered once',
  async (_, part, start) => {
    const [upstream, where] = [await startUpstream({ recordsChecks: false }), await start()];
    const origins: string[] = [];
    for (let i = 0; i < 2; i += 1) {
      const port = await freePort();
      runExample(part, {
        ...where,
        CIO_WRITE_KEY: WRITE_KEY,
        CIO_UPSTREAM_URL: upstream.url,
        PORT: String(port),
      });
      const origin = `http://127.0.0.1:${port}`;
      await vi.waitFor(async () => expect((await fetch(`${origin}/v1/health`)).status).toBe(200), 15_000);
      origins.push(origin);
    }
    // The program connects to the store while its server already listens.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const headers = {
      Authorization: basicAuthorization('client-api-key-web'),
      'Content-Type': 'application/json',
    };
    const body = JSON.stringify({ batch: Array.from({ length: 20 }, () => event()) });
    for (const origin of [...origins, ...origins])
      expect((await fetch(`${origin}/v1/batch`, { method: 'POST', headers, body })).status).toBe(200);
    expect(upstream.received).toHaveLength(1);
  },
  60_000,
);
