/**
 * A site that migrates: what the wrapped SDK, as its makers ship it, has left in localStorage is delivered by this package. The
 * left-overs are real: their SDK runs in a page whose requests fail, and writes them itself as that page goes.
 */
import type { Page } from 'playwright';
import { expect, type Site, stats, test, told } from '../../support/site/fixtures.ts';
import { addsUp } from '../../support/page/in-page.ts';
import { page as html } from '../../support/site/site-pages.ts';
import { nameOf } from '../../support/site/stand-in.ts';
import { flush, once, quiet, REFUSING, track } from './setup.ts';

/** What their SDK keeps of an event. */
interface Theirs {
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

const QUEUE = 'persisted-queue:v1:event-queue:items';
const DESTINATION = 'persisted-queue:v1:dest-Customer.io-Data-Pipelines:items';

/** Their keys in localStorage. */
const theirKeys = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('persisted-queue:')));

/** All of localStorage, by its keys. */
const stored = (page: Page): Promise<Readonly<Record<string, string>>> =>
  page.evaluate(() => Object.fromEntries(Object.entries(localStorage)) as Record<string, string>);

const withoutIds = (kept: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(kept).filter(([key]) => !key.startsWith('ajs_')));

/** Their SDK on a page of the site, without a proxy that it could reach; answers what it has left, by its key. */
async function leaveBehind(
  page: Page,
  site: Site,
  folder: string,
): Promise<Readonly<Record<string, readonly Theirs[]>>> {
  await site.change({ folder });
  await page.route('**/original/*', (route) => route.abort());
  await site.page('/theirs', {
    body: html(
      'Theirs',
      '<script>window.originalKeeps = true</script><script src="/app/original.js"></script>',
    ),
  });
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
    // A plugin that fails keeps an event in their first queue; all others wait in that of the destination.
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
    // All are in one of the two queues, or on their way to nowhere.
    await new Promise((resolve) => setTimeout(resolve, 300));
  });
  await page.context().setOffline(false);
  await page.goto(`${site.origin}/blank`);
  const left = await page.evaluate(
    (keys) => keys.map((key) => [key, localStorage.getItem(key) ?? '[]'] as const),
    [QUEUE, DESTINATION],
  );
  return Object.fromEntries(
    left.map(([key, text]) => [
      key,
      (JSON.parse(text) as readonly { readonly event: Theirs }[]).map(({ event }) => event),
    ]),
  );
}

/** Names of all that they have left, in no order. */
const NAMES = ['Viewed', 'identify', 'Ordered', 'Home', 'Start', 'group', 'alias', 'Stuck', 'Offline'];

test('their SDK leaves both of its queues, with every kind of event', async ({ page, site, original }) => {
  const left = await leaveBehind(page, site, original);
  expect(left[QUEUE]?.map(({ event }) => event)).toEqual(['Stuck']);
  const names = (left[DESTINATION] ?? []).map(({ event, name, type }) => event ?? name ?? type);
  expect(names.sort()).toEqual(NAMES.filter((name) => name !== 'Stuck').sort());
});

test('9 of 9 delivered once, each as itself, in our wire form; their keys are gone', async ({
  open,
  page,
  site,
  original,
  standIn,
}) => {
  const left = Object.values(await leaveBehind(page, site, original)).flat();
  await open();
  await expect.poll(() => standIn.account(NAMES)).toEqual(once(9));
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 9, delivered: 9, pending: 0 });
  expect(await theirKeys(page)).toEqual([]);
  expect(await told(page, 'error')).toEqual([]);
  expect(await told(page, 'dropped')).toEqual([]);
  const arrived = new Map((await standIn.events()).map((event) => [event.messageId, event]));
  for (const theirs of left) {
    const ours = arrived.get(theirs.messageId);
    const { type, timestamp, event, name, anonymousId, previousId, groupId, properties, traits } = theirs;
    const whole = { type, timestamp, event, name, anonymousId, previousId, groupId, properties, traits };
    expect(ours).toMatchObject(JSON.parse(JSON.stringify(whole)) as Record<string, unknown>);
    expect(ours?.userId).toBe(theirs.userId ?? undefined);
    if (theirs.context.page) expect(ours?.context.page).toEqual(theirs.context.page);
    for (const foreign of ['writeKey', '_metadata', 'sentAt']) expect(ours).not.toHaveProperty(foreign);
  }
  expect([...arrived.values()].find(({ event }) => event === 'Viewed')?.userId).toBeUndefined();

  // What they have left is over; this page's own events go on, as the same visitor.
  await track(page, ['New']);
  await expect.poll(() => standIn.account(['New'])).toEqual(once(1));
  await expect.poll(() => stats(page)).toMatchObject({ delivered: 10, pending: 0 });
  const last = (await standIn.events()).at(-1);
  expect(last).toMatchObject({ userId: 'u1', anonymousId: left[0]?.anonymousId });
  await page.goto(`${site.origin}/next`);
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 0, pending: 0 });
  expect(await standIn.account([...NAMES, 'New'])).toEqual(once(10));
});

test('the proxy down: they wait in the outbox like all others, over a reload, 10 of 10 delivered once', async ({
  open,
  page,
  site,
  original,
  standIn,
}) => {
  await leaveBehind(page, site, original);
  await site.faults(REFUSING);
  await open();
  await track(page, ['New']);
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 0, pending: 10 });
  await expect.poll(() => theirKeys(page)).toEqual([]);
  expect(addsUp(await stats(page))).toBe(true);
  await quiet(page);
  await page.reload();
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 0, pending: 10 });
  await site.faults();
  await flush(page);
  await expect.poll(() => standIn.account([...NAMES, 'New'])).toEqual(once(10));
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 10, pending: 0 });
});

test.describe('consent', () => {
  for (const consent of ['pending', 'denied'] as const) {
    test(`${consent}: none of their events is touched, 0 of 9 delivered`, async ({
      open,
      page,
      site,
      original,
      standIn,
    }) => {
      await leaveBehind(page, site, original);
      const before = await stored(page);
      await open('/shop', { consent });
      await page.evaluate(() => window.analytics.track('Not allowed'));
      // Long enough for any lazy file.
      await page.waitForLoadState('networkidle');
      // A denial deletes the visitor's ids, which are ours as much as theirs.
      const kept = consent === 'pending' ? before : withoutIds(before);
      await expect.poll(() => stored(page)).toEqual(kept);
      expect(await standIn.names()).toEqual([]);
      expect(await site.batches()).toEqual([]);
    });
  }

  test('granted later: 9 of 9 delivered once, from then on', async ({
    open,
    page,
    site,
    original,
    standIn,
  }) => {
    await leaveBehind(page, site, original);
    await open('/shop', { consent: 'pending' });
    await page.waitForLoadState('networkidle');
    expect(await standIn.names()).toEqual([]);
    await page.evaluate(() => window.analytics.consent.grant());
    await expect.poll(() => standIn.account(NAMES)).toEqual(once(9));
    await expect.poll(() => theirKeys(page)).toEqual([]);
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 9, delivered: 9, pending: 0 });
  });
});

test('five tabs at once: 9 of 9 delivered once', async ({ context, open, page, site, original, standIn }) => {
  await leaveBehind(page, site, original);
  const tabs = await Promise.all([1, 2, 3, 4].map(() => context.newPage()));
  await Promise.all([page, ...tabs].map((tab) => open('/shop', {}, tab)));
  await expect.poll(() => standIn.account(NAMES)).toEqual(once(9));
  for (const tab of [page, ...tabs]) {
    await expect.poll(() => stats(tab)).toMatchObject({ pending: 0 });
    expect(addsUp(await stats(tab))).toBe(true);
  }
  await expect.poll(() => theirKeys(page)).toEqual([]);
  expect(await standIn.account(NAMES)).toEqual(once(9));
});

test.describe('what is broken there', () => {
  /** Beside a whole queue of one event. */
  const BROKEN: Readonly<Record<string, string>> = {
    'no JSON': '[{"id":"x","event":{"type":"track"',
    'no list': '{"length":1}',
    null: 'null',
    'items that are none':
      '[null,1,"x",{},{"event":null},{"event":{"type":"track"}},{"event":{"messageId":"m"}}]',
  };
  for (const [name, text] of Object.entries(BROKEN)) {
    test(`${name}: no harm, deleted, and 2 of 2 others delivered once`, async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await page.goto(`${site.origin}/blank`);
      const whole = {
        type: 'track',
        event: 'Whole',
        messageId: 'ajs-next-whole',
        anonymousId: 'a1',
        timestamp: new Date().toISOString(),
        properties: {},
        context: {},
      };
      await page.evaluate(
        ([broken, good, queue, destination]) => {
          localStorage.setItem(queue, broken);
          localStorage.setItem(
            destination,
            JSON.stringify([{ id: 'y', event: good, logs: [], metrics: [] }]),
          );
          localStorage.setItem(queue.replace('items', 'seen'), 'no JSON');
          localStorage.setItem(queue.replace('items', 'lock'), '1');
        },
        [text, whole, QUEUE, DESTINATION] as const,
      );
      await open();
      expect(await track(page, ['New'])).toEqual(['stored']);
      await expect.poll(() => standIn.account(['Whole', 'New'])).toEqual(once(2));
      expect((await standIn.events()).find((event) => nameOf(event) === 'Whole')?.messageId).toBe(
        'ajs-next-whole',
      );
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 2, delivered: 2, pending: 0 });
      expect([...(await standIn.names())].sort()).toEqual(['New', 'Whole']);
      expect(await theirKeys(page)).toEqual([]);
      expect(await told(page, 'error')).toEqual([]);
    });
  }
});

test('IndexedDB refused: they stay where they are safe until they have arrived, 10 of 10 delivered once', async ({
  open,
  page,
  site,
  original,
  standIn,
}) => {
  await leaveBehind(page, site, original);
  const before = await stored(page);
  await page.addInitScript(() => Object.defineProperty(window, 'indexedDB', { value: undefined }));
  await site.faults(REFUSING);
  await open();
  await track(page, ['New']);
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 0, pending: 10 });
  await quiet(page);
  for (const key of await theirKeys(page)) expect((await stored(page))[key]).toBe(before[key]);
  expect(await theirKeys(page)).toHaveLength(4);
  await site.faults();
  await flush(page);
  await expect.poll(() => standIn.account([...NAMES, 'New'])).toEqual(once(10));
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 10, pending: 0 });
  await page.goto(`${site.origin}/next`);
  expect(await theirKeys(page)).toEqual([]);
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 0, pending: 0 });
  expect(await standIn.account([...NAMES, 'New'])).toEqual(once(10));
});

test('IndexedDB refused, and the page leaves before they have arrived: the next page delivers 10 of 10 once', async ({
  context,
  open,
  page,
  site,
  original,
  standIn,
}) => {
  await leaveBehind(page, site, original);
  await page.addInitScript(() => Object.defineProperty(window, 'indexedDB', { value: undefined }));
  await site.faults(REFUSING);
  await open();
  await track(page, ['New']);
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 0, pending: 10 });
  await quiet(page);
  await page.goto(`${site.origin}/blank`);
  await site.faults();
  const next = await open('/next', {}, await context.newPage());
  await expect.poll(() => standIn.account([...NAMES, 'New'])).toEqual(once(10));
  await expect.poll(() => stats(next)).toMatchObject({ tracked: 10, delivered: 10, pending: 0 });
  const left = await next.evaluate(() =>
    Object.keys(localStorage).filter((key) => /^persisted-queue:|:lifeboat:/.test(key)),
  );
  expect(left).toEqual([]);
});
