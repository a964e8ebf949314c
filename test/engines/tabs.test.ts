/** Several tabs of one site: one tab sends, and no event arrives twice, with and without Web Locks. */
import { expect, test } from 'vitest';
import { numbered } from '../support/site/stand-in.ts';
import { type Tab, until } from './engine.ts';
import { inEveryEngine } from './setup.ts';

const WITHOUT_LOCKS = `Object.defineProperty(navigator, 'locks', { value: undefined });`;

const track = (tab: Tab, names: readonly string[]): Promise<unknown> =>
  tab.evaluate((all) => {
    for (const name of all) void window.analytics.track(name);
  }, names);

inEveryEngine(({ open, arrived, site }) => {
  for (const [locks, before] of [
    ['with Web Locks', ''],
    ['without Web Locks', WITHOUT_LOCKS],
  ] as const)
    for (const count of [2, 5])
      test(`${count} tabs ${locks}, each with 60 events in three bursts: no event is lost, and none arrives twice`, async () => {
        const tabs: Tab[] = [];
        for (let i = 0; i < count; i++) tabs.push(await open({ before }));
        const names: string[] = [];
        for (const burst of [1, 2, 3])
          await Promise.all(
            tabs.map((tab, i) => {
              const own = numbered(20, `Tab ${i}, burst ${burst}, event`);
              names.push(...own);
              return track(tab, own);
            }),
          );
        await until(
          'all of them',
          () =>
            tabs[0]?.evaluate(() =>
              window.analytics.flush({ timeoutMs: 1_000 }).then(({ pending }) => pending === 0),
            ) ?? Promise.resolve(false),
        );
        await arrived(names, { ms: 40_000 });
        const sent = (await site().batches()).flatMap(({ ids }) => ids);
        expect(sent.length, 'sent to the proxy').toBe(new Set(sent).size);
      });

  test('when a tab is closed, the other tab sends its events', async () => {
    const [first, second] = [await open(), await open()];
    await track(first, ['A']);
    await first.close();
    await track(second, ['B']);
    await arrived(['A', 'B'], { ms: 40_000 });
  });
});
