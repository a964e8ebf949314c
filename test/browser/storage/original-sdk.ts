/**
 * What the wrapped SDK, as its makers ship it, leaves in localStorage when its requests fail. The left-overs are real: that SDK
 * runs in a page of the site, and writes its queues itself as that page goes.
 */
import type { Page } from 'playwright';
import { page as html } from '../../support/site/site-pages.ts';
import { localKeys } from './setup.ts';
import { expect, type Site } from '../../support/site/fixtures.ts';

/** An event as the original SDK keeps it. */
export interface OriginalEvent {
  readonly type: string;
  readonly messageId: string;
  readonly timestamp: string;
  readonly event?: string;
  readonly name?: string;
  readonly userId?: string | null;
  readonly anonymousId?: string;
  readonly previousId?: string;
  readonly groupId?: string;
  readonly properties?: unknown;
  readonly traits?: unknown;
  readonly context: { readonly page?: unknown };
}

/** Keys of the two queues. */
export const QUEUE = 'persisted-queue:v1:event-queue:items';
export const DESTINATION = 'persisted-queue:v1:dest-Customer.io-Data-Pipelines:items';

/** Names of all events that `leaveBehind` leaves. */
export const NAMES = ['Viewed', 'identify', 'Ordered', 'Home', 'Start', 'group', 'alias', 'Stuck', 'Offline'];

/** Opens a page with the original SDK, built into `folder`, which reaches no proxy. Leaves `NAMES` in its two queues. */
export async function leaveBehind(page: Page, site: Site, folder: string): Promise<void> {
  await site.change({ folder });
  await page.route('**/original/*', (route) => route.abort());
  const scripts = '<script>window.originalKeeps = true</script><script src="/app/original.js"></script>';
  await site.page('/theirs', { body: html('Theirs', scripts) });
  await page.goto(`${site.origin}/theirs`);
  await page.evaluate(async () => {
    const theirs = await (window as unknown as { original: Promise<typeof window.analytics> }).original;
    void theirs.track('Viewed', { n: 1, deep: { list: [1, null, 'x'] } });
    void theirs.identify('u1', { plan: 'pro' });
    void theirs.track('Ordered', { total: 12.5, at: new Date(0) });
    void theirs.page('Shop', 'Home', { q: 1 });
    void theirs.screen('Start');
    void theirs.group('g1', { size: 3 });
    void theirs.alias('u2', String(theirs.user().anonymousId()));
    // A plugin that fails keeps an event in the first queue; all other events wait in the queue of the destination.
    await theirs.register({
      name: 'Broken',
      type: 'before',
      version: '1.0.0',
      isLoaded: () => true,
      load: () => Promise.resolve(),
      track(context) {
        if (context.event.event === 'Stuck') throw new Error('broken');
        return context;
      },
    });
    void theirs.track('Stuck', { n: 2 });
  });
  await page.context().setOffline(true);
  await page.evaluate(async () => {
    const theirs = await (window as unknown as { original: Promise<typeof window.analytics> }).original;
    void theirs.track('Offline');
    // After this wait each event is in one of the two queues, or in a request that fails.
    await new Promise((resolve) => setTimeout(resolve, 300));
  });
  await page.context().setOffline(false);
  await page.goto(`${site.origin}/blank`);
}

/** Keys of the queues in localStorage. */
export const queueKeys = (page: Page): Promise<readonly string[]> => localKeys(page, 'persisted-queue:');

export const noQueueIsLeft = (page: Page): Promise<void> => expect.poll(() => queueKeys(page)).toEqual([]);

/** All of localStorage, by its keys. */
export const localEntries = (page: Page): Promise<Entries> =>
  page.evaluate(() => Object.fromEntries(Object.entries(localStorage)) as Record<string, string>);

export type Entries = Readonly<Record<string, string>>;

/** The events of one queue. */
export const queued = (entries: Entries, key: string): readonly OriginalEvent[] =>
  (JSON.parse(entries[key] ?? '[]') as readonly { readonly event: OriginalEvent }[]).map(
    ({ event }) => event,
  );
