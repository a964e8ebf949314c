/** The last words of a page, whatever ends it and however late they come. */
import { expect, test } from 'vitest';
import { numbered } from '../support/stand-in.ts';
import { leave, type Tab, until } from './engine.ts';
import { inEveryEngine } from './setup.ts';

/** So that the tab leads, and its first answer has come. */
const settle = (tab: Tab): Promise<void> =>
  until('the first answer', () =>
    tab.evaluate(async () => {
      await window.analytics.flush({ timeoutMs: 5_000 });
      return window.analytics.stats().pending === 0;
    }),
  );

const EXITS = {
  'follows a link': (tab: Tab): Promise<void> => leave(tab, '/next', () => undefined),
  closes: (tab: Tab): Promise<void> => tab.close(),
} as const;

const MOMENTS = {
  pagehide: `addEventListener('pagehide', () => analytics.track('Late'));`,
  visibilitychange: `document.addEventListener('visibilitychange', () => { if (document.hidden) analytics.track('Late'); });`,
} as const;

inEveryEngine(({ open, arrived, standIn }) => {
  for (const [how, exit] of Object.entries(EXITS))
    for (const [moment, listen] of Object.entries(MOMENTS))
      for (const first of [true, false])
        test(`a call in ${moment}, heard ${first ? 'before' : 'after'} the SDK's own, of a page that ${how}`, async () => {
          const tab = await open(
            first ? { before: listen } : { after: `addEventListener('load', () => { ${listen} });` },
          );
          await tab.evaluate(() => void window.analytics.track('First'));
          await settle(tab);
          await exit(tab);
          const next = await open();
          await settle(next);
          const names = moment === 'pagehide' || how === 'closes' ? ['First', 'Late'] : ['First', 'Late'];
          await arrived(names);
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
      if (how === 'closes') {
        await tab.evaluate(calls, names);
        await exit(tab);
      } else await leave(tab, '/next', calls, names);
      const next = await open();
      await settle(next);
      await arrived(['First', ...names]);
      expect((await standIn().events()).length).toBe(301);
    });
});
