/** A site that migrates: the events that the original SDK has left in localStorage are delivered by this package. */
import { expect, stats, told } from '../../support/site/fixtures.ts';
import { addsUp } from '../../support/page/in-page.ts';
import { expectAccount, test as base, type Visit } from './broken-page.ts';
import { deliver, localKeys, quiet, REFUSING, storageErrors, track } from './setup.ts';
import {
  DESTINATION,
  type Entries,
  leaveBehind,
  localEntries,
  NAMES,
  noQueueIsLeft,
  type OriginalEvent,
  QUEUE,
  queued,
  queueKeys,
} from './original-sdk.ts';

const test = base.extend<{
  /** localStorage as the original SDK has left it in `page`, before this package comes. */
  readonly left: Entries;
}>({
  left: [
    async ({ page, site, original }, use) => {
      await leaveBehind(page, site, original);
      await use(await localEntries(page));
    },
    { auto: true },
  ],
});

const noIndexedDb = (): void => void Object.defineProperty(window, 'indexedDB', { value: undefined });

/** Compares an event as it arrived with the event that the original SDK has left. */
async function expectSameEvent({ standIn }: Visit, left: OriginalEvent): Promise<void> {
  const arrived = (await standIn.events()).find(({ messageId }) => messageId === left.messageId);
  const { type, timestamp, event, name, anonymousId, previousId, groupId, properties, traits } = left;
  const fields = { type, timestamp, event, name, anonymousId, previousId, groupId, properties, traits };
  expect(arrived).toMatchObject(JSON.parse(JSON.stringify(fields)) as Record<string, unknown>);
  expect(arrived?.userId).toBe(left.userId ?? undefined);
  if (left.context.page) expect(arrived?.context.page).toEqual(left.context.page);
  for (const foreign of ['writeKey', '_metadata', 'sentAt']) expect(arrived).not.toHaveProperty(foreign);
}

test('the original SDK leaves both of its queues, with every kind of event', ({ left }) => {
  expect(queued(left, QUEUE).map(({ event }) => event)).toEqual(['Stuck']);
  const names = queued(left, DESTINATION).map(({ event, name, type }) => event ?? name ?? type);
  expect(names.sort()).toEqual(NAMES.filter((name) => name !== 'Stuck').sort());
});

test('9 of 9 delivered once, each as it was, in the wire form of this package; the queues are gone', ({
  brokenPage,
  left,
}) =>
  brokenPage({
    async does(visit) {
      const { page, standIn } = visit;
      await expectAccount(page, standIn, { arrived: NAMES });
      expect(await queueKeys(page)).toEqual([]);
      expect(await told(page, 'error')).toEqual([]);
      const events = [...queued(left, QUEUE), ...queued(left, DESTINATION)];
      for (const event of events) await expectSameEvent(visit, event);
      const viewed = (await standIn.events()).find(({ event }) => event === 'Viewed');
      expect(viewed?.userId).toBeUndefined();

      // The events of this page follow, of the same visitor.
      await track(page, ['New'], 'stored');
      await expectAccount(page, standIn, { arrived: [...NAMES, 'New'] });
      const last = (await standIn.events()).at(-1);
      expect(last).toMatchObject({ userId: 'u1', anonymousId: events[0]?.anonymousId });
    },
    account: { arrived: [...NAMES, 'New'] },
    next: { delivered: 0 },
  }));

test('the proxy down: the events wait in the outbox like all others, over a reload, 10 of 10 delivered once', ({
  brokenPage,
}) =>
  brokenPage({
    proxy: REFUSING,
    async does({ page, site }) {
      await track(page, ['New'], 'stored');
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 0, pending: 10 });
      await noQueueIsLeft(page);
      expect(addsUp(await stats(page))).toBe(true);
      await quiet(page);
      await page.reload();
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 0, pending: 10 });
      await deliver({ page, site });
    },
    account: { arrived: [...NAMES, 'New'] },
  }));

for (const consent of ['pending', 'denied'] as const) {
  test(`consent ${consent}: none of the events is touched, 0 of 9 delivered`, ({ brokenPage, left }) =>
    brokenPage({
      options: { consent },
      async does({ page, site, standIn }) {
        await page.evaluate(() => window.analytics.track('Not allowed'));
        // Long enough for any lazy file.
        await page.waitForLoadState('networkidle');
        // A denial deletes the ids of the visitor, which the two SDKs share.
        const isKept = (key: string): boolean => consent === 'pending' || !key.startsWith('ajs_');
        const kept = Object.entries(left).filter(([key]) => isKept(key));
        await expect.poll(() => localEntries(page)).toEqual(Object.fromEntries(kept));
        expect(await standIn.names()).toEqual([]);
        expect(await site.batches()).toEqual([]);
      },
    }));
}

test('consent granted later: 9 of 9 delivered once, from then on', ({ brokenPage }) =>
  brokenPage({
    options: { consent: 'pending' },
    async does({ page, standIn }) {
      await page.waitForLoadState('networkidle');
      expect(await standIn.names()).toEqual([]);
      await page.evaluate(() => window.analytics.consent.grant());
    },
    account: { arrived: NAMES },
    alsoCheck: ({ page }) => noQueueIsLeft(page),
  }));

test('five tabs at once: 9 of 9 delivered once', async ({ context, open, page, standIn }) => {
  const others = await Promise.all([1, 2, 3, 4].map(() => context.newPage()));
  const tabs = [page, ...others];
  await Promise.all(tabs.map((tab) => open('/shop', {}, tab)));
  await expect.poll(async () => [...(await standIn.names())].sort()).toEqual([...NAMES].sort());
  for (const tab of tabs) {
    await expect.poll(() => stats(tab)).toMatchObject({ pending: 0 });
    expect(addsUp(await stats(tab))).toBe(true);
  }
  await noQueueIsLeft(page);
  expect([...(await standIn.names())].sort()).toEqual([...NAMES].sort());
});

test('IndexedDB refused: the events stay in localStorage until they have arrived, 10 of 10 delivered once', ({
  brokenPage,
  left,
}) =>
  brokenPage({
    refuses: noIndexedDb,
    proxy: REFUSING,
    async does({ page, site, standIn }) {
      await track(page, ['New'], 'memory');
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 0, pending: 10 });
      await quiet(page);
      const entries = await localEntries(page);
      const keys = await queueKeys(page);
      for (const key of keys) expect(entries[key]).toBe(left[key]);
      expect(keys).toHaveLength(4);
      await deliver({ page, site });
      await expectAccount(page, standIn, { arrived: [...NAMES, 'New'], told: 1 });
      await page.goto(`${site.origin}/next`);
      expect(await queueKeys(page)).toEqual([]);
      await expect.poll(() => storageErrors(page)).toBe(1);
    },
    account: { arrived: [...NAMES, 'New'], delivered: 0, told: 1 },
  }));

test('IndexedDB refused, and the page leaves before the events have arrived: the next page delivers 10 of 10 once', ({
  brokenPage,
}) =>
  brokenPage({
    refuses: noIndexedDb,
    proxy: REFUSING,
    async does({ context, open, page, site }) {
      await track(page, ['New'], 'memory');
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 0, pending: 10 });
      await quiet(page);
      await page.goto(`${site.origin}/blank`);
      await site.faults();
      return open('/next', {}, await context.newPage());
    },
    account: { arrived: [...NAMES, 'New'] },
    async alsoCheck({ page }) {
      expect([...(await queueKeys(page)), ...(await localKeys(page, ':lifeboat:'))]).toEqual([]);
    },
  }));
