/** The proxy is away for some seconds on the very first visit, when nothing has ever been reached in this browser. */
import type { BrowserContext } from 'playwright';
import { expectArrival, expectStats } from '../../support/site/arrival.ts';
import { trackStored } from '../../support/page/calls.ts';
import { expect, type Site, test, told } from '../../support/site/fixtures.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { openTabs } from '../../support/browser/tabs.ts';

const AWAY_MS = 6_000;
const WITHIN_MS = 10_000;

/** The waits between tries are this share of what they may be. */
const jitter = (context: BrowserContext, share: number): Promise<unknown> =>
  context.addInitScript((value) => {
    Math.random = () => value;
  }, share);

/** Answers when the proxy was there again. */
async function comesBack(site: Site, sinceMs: number): Promise<number> {
  await expect.poll(async () => Date.now() - sinceMs).toBeGreaterThanOrEqual(AWAY_MS);
  await site.faults();
  return Date.now();
}

test.setTimeout(60_000);

for (const [share, how] of [
  [0.5, 'usual waits between tries'],
  [0.999, 'the longest waits between tries'],
  [0.1, 'short waits between tries'],
] as const) {
  test(`it hangs up for ${AWAY_MS / 1_000} s, 50 events, ${how}: all have arrived within ${WITHIN_MS / 1_000} s of its return`, async ({
    context,
    open,
    page,
    site,
    standIn,
  }) => {
    await jitter(context, share);
    await site.faults({ does: 'cut' });
    await open();
    const sinceMs = Date.now();
    await trackStored(page, numbered(50));
    const backMs = await comesBack(site, sinceMs);
    await expectArrival(standIn, { names: numbered(50), page });
    expect(Date.now() - backMs).toBeLessThan(WITHIN_MS);
    await expectStats(page, { tracked: 50, delivered: 50 });
    expect((await told(page, 'blocked')).length).toBeLessThanOrEqual(1);
    expect(await told(page, 'dropped')).toEqual([]);
  });
}

test(`nobody listens there for ${AWAY_MS / 1_000} s, 200 events in two tabs: all have arrived within ${WITHIN_MS / 1_000} s of its return`, async ({
  context,
  site,
  standIn,
}) => {
  await jitter(context, 0.5);
  await site.faults({ does: 'cut' });
  const tabs = await openTabs(context, `${site.origin}/shop`, 2);
  const sinceMs = Date.now();
  const names = tabs.map((_, at) => numbered(100, `Tab ${at}, event`));
  await Promise.all(tabs.map((tab, at) => trackStored(tab, names[at] ?? [])));
  const backMs = await comesBack(site, sinceMs);
  await expectArrival(standIn, { names: names.flat(), page: tabs[0] });
  expect(Date.now() - backMs).toBeLessThan(WITHIN_MS);
  for (const tab of tabs) await expectStats(tab, { tracked: 200, delivered: 200 });
});
