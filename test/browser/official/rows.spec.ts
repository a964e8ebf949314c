/** The rows of the lab for an unmodified SDK of Customer.io with our plugin: navigate, close, http500, crash. */
import { once, repeats } from '../../support/site/arrival.ts';
import { impatient } from '../../support/site/fixtures.ts';
import { numbered, type StandIn } from '../../support/site/stand-in.ts';
import { closeTab, crash, untilSomebodyLeads } from '../../support/browser/tabs.ts';
import type { OfficialPage } from '../../support/official/official-page.ts';
import { VERSIONS } from '../../support/official/build-official.ts';
import { expect, pluginStats, ready, test, told, track } from '../../support/official/official-site.ts';

const WAYS = ['load', 'register'] as const;

/** Waits until each of these events has arrived, and checks that none came twice. */
async function expectOnce(standIn: StandIn, names: readonly string[]): Promise<void> {
  await expect.poll(async () => (await standIn.account(names)).lost).toBe(0);
  expect(await standIn.account(names)).toEqual(once(names.length));
  expect(await repeats(standIn)).toEqual(new Map());
}

for (const version of VERSIONS)
  test.describe(`the ${version} version`, () => {
    test.use({ version });
    for (const way of WAYS) {
      test(`${way}: navigate: the event of a click on a link arrives once`, async ({
        official,
        site,
        standIn,
      }) => {
        const page = await official.open({ way });
        await untilSomebodyLeads(page);
        for (let visit = 1; visit <= 5; visit++) {
          await page.evaluate((name) => {
            void (window as unknown as OfficialPage).official.track(name);
            location.href = location.pathname === '/shop' ? '/next' : '/shop';
          }, `Click ${visit}`);
          await page.waitForURL(`${site.origin}/${visit % 2 ? 'next' : 'shop'}`);
          await ready(page);
        }
        await expectOnce(standIn, numbered(5, 'Click'));
        expect(official.direct).toEqual([]);
      });

      test(`${way}: close: the events of a tab that is closed arrive once`, async ({
        context,
        official,
        standIn,
      }) => {
        for (let visit = 1; visit <= 3; visit++) {
          const page = await official.open({ way }, '/shop', await context.newPage());
          await untilSomebodyLeads(page);
          await page.evaluate(
            (name) => void (window as unknown as OfficialPage).official.track(name),
            `Close ${visit}`,
          );
          await closeTab(page);
        }
        await official.open({ way });
        await expectOnce(standIn, numbered(3, 'Close'));
        expect(official.direct).toEqual([]);
      });

      test(`${way}: http500: the events of a proxy that fails for a while arrive once`, async ({
        official,
        page,
        site,
        standIn,
      }) => {
        await impatient(page);
        await site.faults({ does: { status: 500 }, times: 4 });
        await official.open({ way, options: { delivery: { flushIntervalMs: 50 } } });
        await track(page, numbered(30));
        await expectOnce(standIn, numbered(30));
        expect(await told(page, 'retrying')).not.toEqual([]);
        await expect.poll(() => pluginStats(page)).toMatchObject({ tracked: 30, delivered: 30, pending: 0 });
        expect(official.direct).toEqual([]);
      });

      test(`${way}: crash: the events whose promises have resolved arrive once`, async ({
        context,
        official,
        site,
        standIn,
      }) => {
        await site.faults({ does: 'cut' });
        const page = await official.open({ way }, '/shop', await context.newPage());
        await track(page, numbered(20));
        await crash(page);
        await site.faults();
        await official.open({ way });
        await expectOnce(standIn, numbered(20));
        expect(official.direct).toEqual([]);
      });
    }
  });
