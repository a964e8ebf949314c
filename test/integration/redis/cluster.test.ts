// @vitest-environment node
/** A Redis cluster refuses a script whose keys are not in one slot. */
import { Cluster, Redis } from 'ioredis';
import { createCluster } from 'redis';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { redisStore } from '../../../src/redis.ts';
import { type RedisServer, startRedis } from '../../support/brokers/redis-server.ts';
import { type AnyClient, keysOf } from './setup.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis(['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1']);
  const raw = new Redis(server.url);
  await raw.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
  await vi.waitFor(async () => expect(await raw.call('CLUSTER', 'INFO')).toContain('cluster_state:ok'), {
    timeout: 15_000,
  });
  raw.disconnect();
}, 30_000);
afterAll(() => server.remove());

const CLUSTERS: readonly (readonly [name: string, connect: () => Promise<AnyClient>])[] = [
  [
    'redis',
    async () => {
      const cluster = createCluster({ rootNodes: [{ url: server.url }] });
      cluster.on('error', () => {});
      await cluster.connect();
      onTestFinished(() => cluster.destroy());
      return cluster;
    },
  ],
  [
    'ioredis',
    async () => {
      const cluster = new Cluster([{ host: '127.0.0.1', port: server.port }]);
      await new Promise((resolve) => cluster.once('ready', () => resolve(undefined)));
      onTestFinished(() => cluster.disconnect());
      return cluster;
    },
  ],
];

test.each(CLUSTERS)('%s: the keys of a batch are in one slot', async (name, connect) => {
  const store = redisStore(await connect());
  const keys = keysOf(100);
  expect(new Set(await store.claim(keys, 60_000))).toEqual(new Set(['new']));
  await store.done(keys);
  expect(new Set(await store.claim(keys, 60_000))).toEqual(new Set(['done']));
  expect(await store.count(`address:${name}`, 60_000)).toEqual({ count: 1, resetMs: 60_000 });
});

test.each(CLUSTERS)(
  '%s: a prefix without a hash tag is refused by Redis, before any key is written',
  async (_, connect) => {
    const store = redisStore(await connect(), { prefix: 'cio:' });
    await expect(store.claim(keysOf(100), 60_000)).rejects.toThrow(/CROSSSLOT|same slot/);
  },
);
