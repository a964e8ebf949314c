/** The visitor's clock jumps a day between a call and its delivery: order is kept, nothing expires, nothing waits a day. */
import { expect, stats, toldTimes } from '../../support/site/fixtures.ts';
import { trackAll } from '../../support/page/calls.ts';
import { DAY_MS, setClock, setNextClock } from '../../support/page/page-clock.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { expectAccount, type Row, test } from './broken-page.ts';
import { CUT, deliver, REFUSING, track, trackUnsent } from './setup.ts';

const FIVE = numbered(5);
const BEFORE = numbered(5, 'Before');
const AFTER = numbered(5, 'After');
const TWO_SECONDS = { status: 429, headers: { 'Retry-After': '2' } };

/** `jumpMs`: by how much the clock jumps. */
const rows = (jumpMs: number): readonly Row[] => [
  {
    name: 'while events wait: 10 of 10 delivered once, in the order of the calls',
    proxy: REFUSING,
    async does({ page, site }) {
      await trackUnsent(page, BEFORE);
      await setClock(page, jumpMs);
      await track(page, AFTER, 'stored');
      await deliver({ page, site });
    },
    account: { arrived: [...BEFORE, ...AFTER], inOrder: true },
    async alsoCheck({ standIn }) {
      // Each event keeps the time of its call, as the visitor's clock showed it.
      const times = (await standIn.events()).map(({ timestamp }) => Date.parse(timestamp));
      const between = (times[5] ?? 0) - (times[0] ?? 0);
      expect(Math.abs(between - jumpMs)).toBeLessThan(60_000);
    },
  },
  {
    name: 'while the page waits before a retry: the retry comes without any call, 5 of 5 delivered once',
    // The SDK waits 0.5, 1, 2 … seconds.
    refuses: () => {
      Math.random = () => 0.5;
    },
    proxy: { does: { status: 503 } },
    async does({ page, site }) {
      await track(page, FIVE, 'stored');
      await toldTimes(page, 'retrying', 2);
      await setClock(page, jumpMs);
      await site.faults();
    },
    account: { arrived: FIVE },
  },
  {
    name: 'while the proxy has asked for two seconds: neither this page nor the next waits a day, 4 of 4 delivered once',
    proxy: { times: 2, does: TWO_SECONDS },
    async does({ page, site, standIn }) {
      await trackUnsent(page, ['First']);
      await setClock(page, jumpMs);
      await track(page, ['Second'], 'stored');
      await expectAccount(page, standIn, { arrived: ['First', 'Second'] });

      await site.faults({ times: 1, does: TWO_SECONDS });
      await track(page, ['Third'], 'stored');
      await toldTimes(page, 'retrying', 2);
      await setNextClock(page, 0);
      await page.goto(`${site.origin}/next`);
      await track(page, ['Fourth'], 'stored');
    },
    account: { arrived: ['First', 'Second', 'Third', 'Fourth'], delivered: 2 },
  },
  {
    name: 'between two batches: the next batch is sent after the flush interval, 6 of 6 delivered once',
    async does({ page, standIn }) {
      await track(page, ['First'], 'stored');
      await expect.poll(() => standIn.names()).toEqual(['First']);
      await setClock(page, jumpMs);
      await track(page, FIVE, 'stored');
    },
    account: { arrived: ['First', ...FIVE], inOrder: true },
  },
  {
    name: 'between two page visits: 10 of 10 delivered once, in the order of the calls',
    proxy: REFUSING,
    async does({ page, site }) {
      await trackUnsent(page, BEFORE);
      await setNextClock(page, jumpMs);
      await page.goto(`${site.origin}/next`);
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 5, pending: 5 });
      await track(page, AFTER, 'stored');
      await deliver({ page, site });
    },
    account: { arrived: [...BEFORE, ...AFTER], inOrder: true },
  },
  {
    name: 'before the page leaves with events that are not stored: 10 of 10 delivered once, in the order of the calls',
    proxy: CUT,
    breaks: [{ on: 'open', how: 'hang' }],
    async does({ context, open, page, site }) {
      await trackAll(page, BEFORE);
      await setClock(page, jumpMs);
      await trackAll(page, AFTER);
      await page.goto(`${site.origin}/blank`);
      // The page sends one request, which browsers may repeat by themselves where its connection was cut.
      await expect.poll(async () => (await site.batches()).length).toBeGreaterThanOrEqual(1);
      await site.faults();
      return open('/next', {}, await context.newPage());
    },
    account: { arrived: [...BEFORE, ...AFTER], inOrder: true },
  },
  {
    name: 'without Web Locks, where a lease decides which tab sends: 10 of 10 delivered once',
    refuses: () => void Object.defineProperty(navigator, 'locks', { value: undefined }),
    async does({ page, standIn }) {
      await track(page, BEFORE, 'stored');
      await expectAccount(page, standIn, { arrived: BEFORE });
      await setClock(page, jumpMs);
      await track(page, AFTER, 'stored');
    },
    account: { arrived: [...BEFORE, ...AFTER] },
  },
];

for (const [direction, jumpMs] of [
  ['back', -DAY_MS],
  ['forward', DAY_MS],
] as const) {
  test.describe(`a day ${direction}`, () => {
    for (const row of rows(jumpMs))
      test(row.name, ({ brokenPage }) => brokenPage({ clockOffsetMs: 0, ...row }));
  });
}
