/** A burst of calls, compared with the wrapped SDK as its makers publish it, in the same engine. */
import { expect, test } from 'vitest';
import { buildOriginal } from '../support/build/bundle.ts';
import { page } from '../support/site/site-pages.ts';
import { until } from './engine.ts';
import { inEveryEngine } from './setup.ts';

const CALLS = 200;

type Original = Promise<{ track(name: string): Promise<unknown> }>;

inEveryEngine(({ open, openPlain, site, arrived }) => {
  test(`${CALLS} calls: one request for twenty of theirs, and each event arrives`, async () => {
    await site().change({ folder: await buildOriginal(0) });
    const theirs = await openPlain(
      { body: page('Theirs', '<script src="/app/original.js"></script>') },
      '/theirs',
    );
    await theirs.evaluate(async (calls) => {
      const original = await (window as unknown as { original: Original }).original;
      for (let i = 0; i < calls; i++) void original.track(`Event ${i}`);
    }, CALLS);
    const theirRequests = async (): Promise<number> =>
      (await site().hits()).filter((hit) => hit.startsWith('POST /original')).length;
    await until('their requests', async () => (await theirRequests()) >= CALLS);

    const ours = await open();
    const names = await ours.evaluate(async (calls) => {
      const all = Array.from({ length: calls }, (_, i) => `Event ${i}`);
      await Promise.all(all.map((name) => window.analytics.track(name)));
      await window.analytics.flush({ timeoutMs: 20_000 });
      return all;
    }, CALLS);
    await arrived(names);
    const requests = (await site().batches()).filter(({ method }) => method === 'POST').length;
    expect(requests * 20).toBeLessThanOrEqual(await theirRequests());
  });
});
