/** Navigations of a page, and the page views that have arrived. */
import type { Page } from 'playwright';
import { type StandIn } from '../support/site/stand-in.ts';

type View = readonly [title: string, path: string, referrer: string];

export async function views(standIn: StandIn): Promise<readonly View[]> {
  const events = await standIn.events();
  return events
    .filter(({ type }) => type === 'page')
    .map(({ context: { page } }) => [page['title'] ?? '', page['path'] ?? '', page['referrer'] ?? '']);
}

/** Navigates as frameworks do: the title changes the given number of milliseconds after the URL. */
export const visit = (page: Page, path: string, titleAfterMs = 20): Promise<void> =>
  page.evaluate(
    ([to, afterMs]) =>
      new Promise<void>((resolve) => {
        history.pushState(null, '', to);
        setTimeout(() => {
          document.title = to;
          resolve();
        }, afterMs);
      }),
    [path, titleAfterMs] as const,
  );

/** An identify call makes all waiting page views at once, so no earlier view can follow this event. */
export const mark = (page: Page): Promise<unknown> => page.evaluate(() => window.analytics.alias('somebody'));
