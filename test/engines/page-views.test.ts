/** Automatic page views of the SDK, in every engine. */
import { expect, test } from 'vitest';
import type { StandIn } from '../support/site/stand-in.ts';
import { type Tab, until } from './engine.ts';
import { inEveryEngine } from './setup.ts';

/** Navigates as routers do: the URL changes first, the title a moment later. */
const visit = (tab: Tab, path: string, title: string): Promise<void> =>
  tab.evaluate(
    async (to, text) => {
      history.pushState(null, '', to);
      await new Promise((resolve) => setTimeout(resolve, 20));
      document.title = text;
    },
    path,
    title,
  );

/** The path and title of each page view. */
const views = async (standIn: StandIn): Promise<readonly unknown[]> =>
  (await standIn.events()).map(({ context: { page } }) => [page['path'], page['title']]);

inEveryEngine(({ open, standIn }) => {
  test('in-app navigation: each view has its own URL, title and referrer', async () => {
    const tab = await open({ sdk: { pageViews: 'history' } });
    for (const [path, title] of [
      ['/list', 'List'],
      ['/item', 'Item'],
      ['/cart', 'Cart'],
    ] as const) {
      await visit(tab, path, title);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    await until('four views', async () => (await standIn().events()).length === 4);
    expect(await views(standIn())).toEqual([
      ['/shop', 'Shop'],
      ['/list', 'List'],
      ['/item', 'Item'],
      ['/cart', 'Cart'],
    ]);
  });

  test('in-app navigation of a hidden page: each view has its own title, too', async () => {
    const before = `Object.defineProperty(document, 'visibilityState', { value: 'hidden' });`;
    const tab = await open({ before, sdk: { pageViews: 'history' } });
    for (const [path, title] of [
      ['/list', 'List'],
      ['/item', 'Item'],
    ] as const) {
      await visit(tab, path, title);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
    }
    await until('three views', async () => (await standIn().events()).length === 3);
    expect(await views(standIn())).toEqual([
      ['/shop', 'Shop'],
      ['/list', 'List'],
      ['/item', 'Item'],
    ]);
  });

  test('in-app navigation without a pause between the pages', async () => {
    const tab = await open({ sdk: { pageViews: 'history' } });
    await visit(tab, '/list', 'List');
    await visit(tab, '/item', 'Item');
    await until('three views', async () => (await standIn().events()).length === 3);
    expect(await views(standIn())).toEqual([
      ['/shop', 'Shop'],
      ['/list', 'List'],
      ['/item', 'Item'],
    ]);
  });

  test('a title that is set in the same task as the URL, as React Router does', async () => {
    const tab = await open({ sdk: { pageViews: 'history' } });
    await tab.evaluate(() => {
      history.pushState(null, '', '/list');
      document.title = 'List';
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await tab.evaluate(() => {
      history.pushState(null, '', '/item');
      document.title = 'Item';
    });
    await until('three views', async () => (await standIn().events()).length === 3);
    expect(await views(standIn())).toEqual([
      ['/shop', 'Shop'],
      ['/list', 'List'],
      ['/item', 'Item'],
    ]);
  });
});
