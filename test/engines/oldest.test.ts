/** The published build, in pages from which everything is removed that the oldest supported browsers lack. */
import { expect, test } from 'vitest';
import { PEOPLE } from '../support/site/people.ts';
import { missingIn, OLDEST, removalScript } from './older.ts';
import { memberPage } from './pages.ts';
import { inEveryEngine } from './setup.ts';

test('the compatibility data is read correctly: known missing features are found, existing ones are not', () => {
  const inChrome = missingIn(OLDEST.chromium).map((each) => each.slice(0, 2).join('.'));
  expect(inChrome).toContain('AbortSignal.throwIfAborted');
  expect(inChrome).toContain('structuredClone');
  expect(inChrome).toContain('Array.findLast');
  expect(inChrome).not.toContain('Object.hasOwn');
  expect(inChrome).not.toContain('Navigator.locks');
  expect(missingIn(OLDEST.firefox).map((each) => each.slice(0, 2).join('.'))).toContain('Navigator.locks');
  expect(missingIn(OLDEST.webkit).map((each) => each.slice(0, 2).join('.'))).not.toContain(
    'AbortSignal.throwIfAborted',
  );
});

inEveryEngine(({ engine, open, openPage, arrived, site, standIn }) => {
  const before = (): string => removalScript(missingIn(OLDEST[engine().name]));

  test('events, plugins, page views, and the next page', async () => {
    const tab = await open({ before: before(), sdk: { pageViews: 'history' } });
    expect(await tab.evaluate(() => (window as unknown as { removed: number }).removed)).toBeGreaterThan(20);
    const states = await tab.evaluate(async () => {
      await window.analytics.addSourceMiddleware(({ payload, next }) => next(payload));
      history.pushState(null, '', '/list');
      const receipts = [await window.analytics.identify('ann'), await window.analytics.track('A')];
      return receipts.map(({ state }) => state);
    });
    expect(states).toEqual(['stored', 'stored']);
    await arrived(['A'], { events: 4 });
    const last = tab.evaluate(() => void window.analytics.track('B'));
    await last;
    await tab.close();
    await open({ before: before() });
    await arrived(['A', 'B'], { events: 5 });
  });

  test('private calls with a signal, a listener of the inbox, and a change of the person', async () => {
    await standIn().setPeople(PEOPLE);
    await site().change({ customers: true });
    const tab = await openPage(memberPage({ before: before() }), '/home');
    const found = await tab.evaluate(async () => {
      const { analytics } = window;
      await analytics.identify('ann');
      const { signal } = new AbortController();
      const init = { method: 'POST', signal };
      const { status } = await analytics.fetch('/v1/customers/attributes', init);
      const heard = await new Promise<number>((resolve) => {
        const stop = analytics.inbox.onChange((messages) => {
          stop();
          resolve(messages.length);
        });
      });
      const control = new AbortController();
      const ended = analytics.fetch('/v1/customers/attributes', { ...init, signal: control.signal });
      control.abort();
      const name = await ended.catch((cause: Error) => cause.name);
      void analytics.identify('bob');
      return [status, heard, name, (await analytics.inbox.messages()).length];
    });
    expect(found).toEqual([200, 2, 'AbortError', 1]);
  });
});
