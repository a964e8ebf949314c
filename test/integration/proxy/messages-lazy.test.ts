// @vitest-environment node
/** The code of messages is loaded by the first request that needs it, and by no ordinary batch. */
import { expect, test, vi } from 'vitest';
import { event, post, startProxy, verdict } from './setup.ts';

const loads = vi.hoisted(() => ({ count: 0 }));
vi.mock('../../../src/proxy/messages/messages-entry.ts', async (load) => {
  loads.count += 1;
  return load();
});

test('a batch loads the code of messages only where it has a metric', async () => {
  const { proxy } = await startProxy();
  const named = event({ name: 'metric', properties: { type: 'metric' } });
  expect(await verdict(await proxy.fetch(post([event(), named])))).toBe('200');
  expect(await verdict(await proxy.fetch(post([event({ type: 'metrics' })])))).toBe('400 invalid_event');
  expect(loads.count).toBe(0);
  expect(await verdict(await proxy.fetch(post([event(), { type: 'metric' }])))).toBe('200');
  expect(loads.count).toBe(1);
});
