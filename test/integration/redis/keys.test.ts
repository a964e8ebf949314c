// @vitest-environment node
/** The keys that a proxy stores in Redis. */
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { redisStore } from '../../../src/redis.ts';
import { startRedis } from '../../support/brokers/redis-server.ts';
import { event, post, startProxy, verdict } from '../proxy/setup.ts';

test('keys have one length, whatever the length of ids and IP addresses, and all expire', async () => {
  const server = await startRedis();
  onTestFinished(() => server.remove());
  const client = new Redis(server.url);
  onTestFinished(() => client.disconnect());
  // The proxy goes on without a store whose client is not connected yet.
  await client.ping();
  const store = redisStore(client);
  const { proxy } = await startProxy({
    clientIp: 'x-real-ip',
    deduplicate: { store },
    rateLimit: { perAddress: 100, perKey: 100, store },
  });
  const batch = ['a', 'x'.repeat(100), '✓'.repeat(100), ''].map((messageId) => event({ messageId }));
  const headers = { 'X-Real-IP': '2001:db8:1:2:3:4:5:6' };
  expect(await verdict(await proxy.fetch(post(batch, { headers })))).toBe('200');

  const keys = await client.keys('*');
  expect(keys.sort()).toEqual([
    ...Array.from({ length: 3 }, () => expect.stringMatching(/^\{cio\}:e:[\w-]{22}$/)),
    '{cio}:r:address:2001:db8:1:2::/64',
    '{cio}:r:key:client-api-key-web',
  ]);
  for (const key of keys) expect(await client.pttl(key)).toBeGreaterThan(0);
});
