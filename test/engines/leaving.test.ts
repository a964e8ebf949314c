/** The events that a page sends at its very end, for each way to end a page and each moment. */
import { expect, test } from 'vitest';
import { page } from '../support/site/site-pages.ts';
import { numbered } from '../support/site/stand-in.ts';
import { repeats } from '../support/site/arrival.ts';
import { type Engine, leave, reloads, type Tab, until } from './engine.ts';
import { modulePage } from './pages.ts';
import { inEveryEngine } from './setup.ts';

/** Waits until the tab is the leader and has received its first response. */
const settle = (tab: Tab): Promise<void> =>
  until('the first answer', () =>
    tab.evaluate(async () => {
      await window.analytics.flush({ timeoutMs: 5_000 });
      return window.analytics.stats().pending === 0;
    }),
  );

type Names = readonly string[];

const EXITS: Readonly<
  Record<string, (tab: Tab, act: (names: Names) => void, names: Names) => Promise<void>>
> = {
  'follows a link': (tab, ...act) => leave(tab, '/next', ...act),
  reloads,
  async closes(tab, ...act) {
    await tab.evaluate(...act);
    await tab.close();
  },
};

/** The code runs once for each tab: a reloaded page is hidden again by the tabs that are opened after it. */
const LATE = `if (!sessionStorage.getItem('late')) { sessionStorage.setItem('late', 'yes'); analytics.track('Late'); }`;

/**
 * Firefox stops the scripts of a tab that is being closed, and a script cannot catch that. So in some rounds,
 * or in none, the handlers run to their end.
 */
const STOPPED = 'Firefox has stopped the handlers of the page whose tab was closed, each time';
const isStopped = (engine: Engine, how: string): boolean => engine.name === 'firefox' && how === 'closes';
const ROUNDS = 3;

const MOMENTS = {
  pagehide: `addEventListener('pagehide', () => { ${LATE} });`,
  visibilitychange: `document.addEventListener('visibilitychange', () => { if (document.hidden) { ${LATE} } });`,
} as const;

inEveryEngine(({ engine, open, openPlain, site, arrived, standIn }) => {
  for (const [how, exit] of Object.entries(EXITS))
    for (const [moment, listen] of Object.entries(MOMENTS))
      for (const first of [true, false])
        test(`a call in ${moment}, in a listener ${first ? 'before' : 'after'} the SDK's own, of a page that ${how}`, async ({
          skip,
        }) => {
          for (let round = 1; ; round++) {
            const tab = await open(
              first ? { before: listen } : { after: `addEventListener('load', () => { ${listen} });` },
            );
            await tab.evaluate(() => void window.analytics.track('First'));
            await settle(tab);
            await exit(tab, () => undefined, []);
            await settle(await open());
            const hasArrived = async (): Promise<boolean> => (await standIn().names()).includes('Late');
            const mayFail = isStopped(engine(), how);
            const isLast = !mayFail || round === ROUNDS;
            // The next page may wait five seconds for the response to the last request of this page.
            const arrives = until('the late event', hasArrived, isLast ? 20_000 : 7_000);
            const isThere = await arrives.then(
              () => true,
              () => false,
            );
            expect(await repeats(standIn())).toEqual(new Map());
            if (!isThere && !isLast) continue;
            if (!isThere && mayFail) return skip(STOPPED);
            const names = await standIn().names();
            expect(names).toEqual([...Array.from({ length: round }, () => 'First'), 'Late']);
            return undefined;
          }
        });

  for (const [how, exit] of Object.entries(EXITS))
    test(`300 calls of 600 bytes of a page that ${how} at once`, async () => {
      const names = numbered(300);
      const tab = await open();
      await tab.evaluate(() => void window.analytics.track('First'));
      await settle(tab);
      const calls = (all: readonly string[]): void => {
        for (const name of all) void window.analytics.track(name, { text: 'x'.repeat(600) });
      };
      await exit(tab, calls, names);
      const next = await open();
      await settle(next);
      await arrived(['First', ...names]);
      expect((await standIn().events()).length).toBe(301);
    });

  test('the first page of a new visitor leaves at once: its events are sent', async () => {
    const tab = await openPlain({ body: page('Plain', '') }, '/plain');
    const leaves = `addEventListener('DOMContentLoaded', () => {
      for (const name of ['First', 'Second']) analytics.track(name);
      location.href = '/blank';
    });`;
    await site().page('/shop', modulePage({ after: leaves }));
    await tab.evaluate(() => void (location.href = '/shop')).catch(() => undefined);
    await until('the page after it', () => tab.evaluate(() => location.pathname === '/blank'));
    // The tab then shows a page without the SDK, so only the page that has left can deliver the events.
    await arrived(['First', 'Second'], { ms: 5_000 });
  });
});
