import type { Analytics } from '../../../src/sdk/api.ts';
import type { SentRequest } from './network.ts';
import type { Tab, World } from './world.ts';

/** Checks every event that the SDK emits on a page against what the disk and the proxy hold. */
export function checkReports(tab: Tab, world: World): void {
  const { expectedEvents, note } = world;
  const { analytics, page } = tab;
  const on = ((name: string, listener: (payload: never) => void) =>
    analytics.on(name, (payload: unknown) => {
      // The SDK catches what a listener throws, so that the error goes to `world.attempt` instead.
      if (page.life() !== 'gone') world.attempt(() => listener(payload as never));
    })) as Analytics['on'];

  on('stored', ({ ids }) => {
    const missing = ids.filter((id) => !expectedEvents.written.has(id));
    if (missing.length) throw new Error(`${page.name} is told stored: ${missing.join()}`);
  });
  on('delivered', ({ ids }) => {
    for (const id of ids) {
      if (!expectedEvents.taken.has(id)) throw new Error(`${page.name} is told delivered: ${id}`);
      const call = expectedEvents.call(id);
      if (call) call.toldDelivered = true;
    }
  });
  on('dropped', ({ id, reason }) => {
    note(`${page.name} is told dropped: ${id} ${reason}`);
    expectedEvents.toldDropped.set(id, { reason, atMs: world.nowMs() });
  });
  on('error', ({ code, cause }) => {
    note(`${page.name} is told ${code}: ${String(cause)}`);
    if (code === 'plugin-failed') throw new Error(`${page.name} has failed: ${String(cause)}`);
    if (code !== 'storage-unavailable') return;
    tab.disturbed ??= 'memory';
    world.inMemory.add(page.name);
  });
}

/** Checks that a request has the URL, the client key and the size that the options of the site allow. */
export function checkRequest({ url, headers, batch, bytes, page }: SentRequest, { plan, note }: World): void {
  const { maxBatchEvents = 100, maxBatchBytes = 475_000 } = plan.options.delivery ?? {};
  note(`${page} sends ${batch.map(({ messageId }) => messageId).join()}`);
  const isRight =
    url === 'https://shop.example.com/e/v1/batch' &&
    headers['Authorization'] === 'Basic d2ViOg==' &&
    batch.length <= maxBatchEvents &&
    (bytes <= maxBatchBytes + 100 || batch.length === 1);
  if (!isRight) throw new Error(`${page} has sent ${batch.length} events, ${bytes} bytes, to ${url}`);
}
