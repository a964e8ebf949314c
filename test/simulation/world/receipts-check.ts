import type { Analytics } from '../../../src/sdk/api.ts';
import type { SentRequest } from './network.ts';
import type { Tab, World } from './world.ts';

/** What a page is told must be true. */
export function listen(tab: Tab, world: World): void {
  const { book, note } = world;
  const { analytics, page } = tab;
  const on = ((name: string, listener: (payload: never) => void) =>
    analytics.on(name, (payload: unknown) => {
      // A listener that throws would only be told.
      if (page.life() !== 'gone') world.attempt(() => listener(payload as never));
    })) as Analytics['on'];

  on('stored', ({ ids }) => {
    const missing = ids.filter((id) => !book.written.has(id));
    if (missing.length) throw new Error(`${page.name} is told stored: ${missing.join()}`);
  });
  on('delivered', ({ ids }) => {
    for (const id of ids) {
      if (!book.taken.has(id)) throw new Error(`${page.name} is told delivered: ${id}`);
      const call = book.call(id);
      if (call) call.toldDelivered = true;
    }
  });
  on('dropped', ({ id, reason }) => {
    note(`${page.name} is told dropped: ${id} ${reason}`);
    book.toldDropped.set(id, { reason, atMs: world.nowMs() });
  });
  on('error', ({ code, cause }) => {
    note(`${page.name} is told ${code}: ${String(cause)}`);
    if (code === 'plugin-failed') throw new Error(`${page.name} has failed: ${String(cause)}`);
    if (code !== 'storage-unavailable') return;
    tab.disturbed ??= 'memory';
    world.inMemory.add(page.name);
  });
}

/** Each request must be one that the site has agreed to. */
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
