/** Pages without TLS, and old browsers, have no Web Locks: a lease in IndexedDB says which tab sends, and the next page takes it over. */
import type { BrowserContext, Page } from 'playwright';
import { expectArrival, expectStats } from '../../support/site/arrival.ts';
import { trackAll } from '../../support/page/calls.ts';
import { expect, test } from '../../support/site/fixtures.ts';
import { nameOf, numbered, type StandIn } from '../../support/site/stand-in.ts';
import { closeTab, openTabs } from '../../support/browser/tabs.ts';

/** How long a page may take to send in place of one that has gone. */
const TAKE_OVER_MS = 2_000;
/** What a page waits for more events, and what a browser with much else to do takes. */
const USUAL_MS = 1_500;
const VISIT_MS = 3_000;

const withoutLocks = (context: BrowserContext): Promise<unknown> =>
  context.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }));

/** From the call to Customer.io, in milliseconds, by name. */
async function delaysOf(standIn: StandIn): Promise<ReadonlyMap<string, number>> {
  const events = await standIn.events();
  return new Map(
    events.map((event) => [nameOf(event), Date.parse(event.receivedAt) - Date.parse(event.timestamp)]),
  );
}

async function stay(page: Page, since: number): Promise<void> {
  await page.waitForTimeout(Math.max(0, since + VISIT_MS - Date.now()));
}

test.beforeEach(({ context }) => withoutLocks(context));
test.setTimeout(60_000);

for (const [how, path] of [
  ['navigates to the next one', (visit: number) => `/page-${visit}`],
  ['loads the same anew', () => '/shop'],
] as const) {
  test(`the visitor ${how} every ${VISIT_MS / 1_000} s: what each page tracks arrives while it is shown`, async ({
    page,
    site,
    standIn,
  }) => {
    const names: string[] = [];
    for (let visit = 1; visit <= 5; visit++) {
      await page.goto(site.origin + path(visit));
      const since = Date.now();
      const own = numbered(2, `Page ${visit}, event`);
      names.push(...own);
      await trackAll(page, own);
      await stay(page, since);
    }
    await expectArrival(standIn, { names, page });
    const late = [...(await delaysOf(standIn))].filter(([, delayMs]) => delayMs > TAKE_OVER_MS + USUAL_MS);
    expect(late).toEqual([]);
  });
}

test('a visit of ten seconds over three pages: all has arrived when its tab is closed, without another page', async ({
  context,
  site,
  standIn,
}) => {
  const tab = await context.newPage();
  const names: string[] = [];
  for (let visit = 1; visit <= 3; visit++) {
    await tab.goto(`${site.origin}/page-${visit}`);
    const since = Date.now();
    for (const when of ['at once', 'later']) {
      names.push(`Page ${visit}, ${when}`);
      await trackAll(tab, [`Page ${visit}, ${when}`]);
      if (when === 'at once') await tab.waitForTimeout(VISIT_MS / 2);
    }
    await stay(tab, since);
  }
  await closeTab(tab);
  await expectArrival(standIn, { names });
});

test('a tab that is closed right after its calls: what it could not send arrives within moments of the next visit', async ({
  context,
  site,
  standIn,
}) => {
  for (let visit = 1; visit <= 3; visit++) {
    const tab = await context.newPage();
    await tab.goto(`${site.origin}/shop`);
    await trackAll(tab, numbered(5, `Visit ${visit}, event`));
    await closeTab(tab);
  }
  const names = [1, 2, 3].flatMap((visit) => numbered(5, `Visit ${visit}, event`));
  const page = await context.newPage();
  await page.goto(`${site.origin}/shop`);
  await trackAll(page, ['Last']);
  await expectArrival(standIn, { names: [...names, 'Last'], page });
  expect((await delaysOf(standIn)).get('Last')).toBeLessThan(TAKE_OVER_MS + USUAL_MS);
});

test('five tabs track, and four of them are closed: none is lost, and none comes twice', async ({
  context,
  site,
  standIn,
}) => {
  const tabs = (await openTabs(context, `${site.origin}/shop`, 5)).slice();
  const names: string[] = [];
  for (let closed = 0; tabs.length > 1; closed++) {
    for (const [at, tab] of tabs.entries()) {
      const own = numbered(5, `${closed} closed, tab ${at}, event`);
      names.push(...own);
      await trackAll(tab, own);
    }
    const [goes] = tabs.splice(closed % 2 ? tabs.length - 1 : 0, 1);
    if (goes) await closeTab(goes);
  }
  const [last] = tabs;
  if (!last) throw new Error('No tab is left');
  await trackAll(last, ['The end']);
  await expectArrival(standIn, { names: [...names, 'The end'], page: last });
  await expectStats(last, { tracked: names.length + 1, delivered: names.length + 1 });
});
