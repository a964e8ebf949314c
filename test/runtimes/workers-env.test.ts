/** The documentation's statement about where a Worker reads its key from. */
import { expect, onTestFinished, test } from 'vitest';
import { startUpstream } from '../integration/proxy/upstream.ts';
import { CLIENT_KEY, event, WRITE_KEY } from '../integration/proxy/setup.ts';
import { basicAuthorization } from '../../src/protocol/wire.ts';
import { startWorkerd } from './workerd.ts';

test('a Worker reads its key from its environment, before any request', async () => {
  const upstream = await startUpstream();
  const worker = `
    import { env } from 'cloudflare:workers';
    import { createProxy } from 'cio-first-party/proxy';
    const proxy = createProxy({ writeKey: env.CIO_WRITE_KEY, clientKeys: ['${CLIENT_KEY}'], upstreamUrl: '${upstream.url}' });
    export default { fetch: proxy.fetch };`;
  const { origin, stop } = await startWorkerd(worker, {}, { env: { CIO_WRITE_KEY: WRITE_KEY } });
  onTestFinished(stop);
  const headers = { Authorization: basicAuthorization(CLIENT_KEY), 'Content-Type': 'application/json' };
  const body = JSON.stringify({ batch: [event()] });
  expect((await fetch(`${origin}/v1/batch`, { method: 'POST', headers, body })).status).toBe(200);
  expect(upstream.received[0]?.headers.authorization).toBe(basicAuthorization(WRITE_KEY));
});
