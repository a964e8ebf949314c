/** Something in the log is broken: it is taken out, counted and told; all the rest is delivered, and the log is whole again. */
import { expect, impatient, stats, test, told } from '../../support/site/fixtures.ts';
import { breakIndexedDb } from '../../support/page/indexeddb-faults.ts';
import { addsUp } from '../../support/page/in-page.ts';
import {
  headOf,
  type Log,
  readLog,
  recordsIn,
  waiting,
  writeLog,
} from '../../support/page/outbox-database.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { flush, once, storageErrors, track } from './setup.ts';

const AT = Date.now() - 60_000;
const EVENTS = numbered(6).map(waiting);
const [one, two, three, four, five, six] = EVENTS;
const FIRST = { at: AT, events: [one, two] };
const MIDDLE = { at: AT, events: [three, four] };
const LAST = { at: AT, events: [five, six] };
const HEAD = headOf(EVENTS, 4);

interface Case {
  readonly log: Log;
  /** What arrives, of `Event 1` to `Event 6`. */
  readonly arrive: readonly string[];
  /** How many are counted as dropped because of `storage`. */
  readonly dropped: number;
  /** What the browser cannot read. */
  readonly spoilt?: number | string;
}

const names = (...numbers: readonly number[]): readonly string[] => numbers.map((n) => `Event ${n}`);
const middle = (record: unknown): Log => [
  [1, FIRST],
  [2, record],
  [3, LAST],
  ['head', HEAD],
];
const head = (value: unknown): Log => [
  [1, FIRST],
  [2, MIDDLE],
  [3, LAST],
  ['head', value],
];

const RECORDS: Readonly<Record<string, Case>> = {
  'is null': { log: middle(null), arrive: names(1, 2, 5, 6), dropped: 2 },
  'is a text': { log: middle('?'), arrive: names(1, 2, 5, 6), dropped: 2 },
  'has no events': { log: middle({ at: AT }), arrive: names(1, 2, 5, 6), dropped: 2 },
  'has events that are no list': {
    log: middle({ at: AT, events: { length: 2 } }),
    arrive: names(1, 2, 5, 6),
    dropped: 2,
  },
  'has an event that is null': {
    log: middle({ at: AT, events: [null, four] }),
    arrive: names(1, 2, 4, 5, 6),
    dropped: 1,
  },
  'has an event without its json': {
    log: middle({ at: AT, events: [{ ...three, json: undefined }, four] }),
    arrive: names(1, 2, 4, 5, 6),
    dropped: 1,
  },
  'has an event without its id': {
    log: middle({ at: AT, events: [{ ...three, id: undefined }, four] }),
    arrive: names(1, 2, 4, 5, 6),
    dropped: 1,
  },
  'has an event without its size': {
    log: middle({ at: AT, events: [{ ...three, bytes: undefined }, four] }),
    arrive: names(1, 2, 4, 5, 6),
    dropped: 1,
  },
  'cannot be read (UnknownError)': { log: middle(MIDDLE), arrive: names(1, 2, 5, 6), dropped: 2, spoilt: 2 },
  'that is the first cannot be read': {
    log: middle(MIDDLE),
    arrive: names(3, 4, 5, 6),
    dropped: 2,
    spoilt: 1,
  },
  'that is the last cannot be read': {
    log: middle(MIDDLE),
    arrive: names(1, 2, 3, 4),
    dropped: 2,
    spoilt: 3,
  },
  'is gone': {
    log: [
      [1, FIRST],
      [3, LAST],
      ['head', HEAD],
    ],
    arrive: names(1, 2, 5, 6),
    dropped: 2,
  },
};

const ALL = names(1, 2, 3, 4, 5, 6);
const HEADS: Readonly<Record<string, Case>> = {
  'is null': { log: head(null), arrive: ALL, dropped: 0 },
  'is a text': { log: head('?'), arrive: ALL, dropped: 0 },
  'has no counts': { log: head({}), arrive: ALL, dropped: 0 },
  'has counts that are no numbers': {
    log: head({ ...HEAD, tracked: '13', pending: Number.NaN }),
    arrive: ALL,
    dropped: 0,
  },
  'is gone': { log: head(null).slice(0, 3), arrive: ALL, dropped: 0 },
  'cannot be read (UnknownError)': { log: head(HEAD), arrive: ALL, dropped: 0, spoilt: 'head' },
  'counts 3 events more than there are': {
    log: head({ ...HEAD, tracked: 16, pending: 9 }),
    arrive: ALL,
    dropped: 3,
  },
  'counts 3 events and their bytes more than there are': {
    log: head({ ...headOf([...EVENTS, ...EVENTS.slice(3)], 4) }),
    arrive: ALL,
    dropped: 3,
  },
  'counts 2 events fewer than there are': {
    log: head({ ...HEAD, tracked: 11, pending: 4 }),
    arrive: ALL,
    dropped: 0,
  },
  'counts 2 events and their bytes fewer than there are': {
    log: head(headOf(EVENTS.slice(2), 4)),
    arrive: ALL,
    dropped: 0,
  },
  'does not add up': { log: head({ ...HEAD, delivered: 70 }), arrive: ALL, dropped: 0 },
  'would write the next record over the last': {
    log: head({ ...HEAD, nextPlace: 3 }),
    arrive: ALL,
    dropped: 0,
  },
};

for (const [kind, cases] of [
  ['a record', RECORDS],
  ['the head', HEADS],
] as const) {
  for (const [name, { log, arrive, dropped, spoilt }] of Object.entries(cases)) {
    test(`${kind} ${name}: ${arrive.length} of 6 delivered once, ${dropped} counted as dropped, the next page is untroubled`, async ({
      context,
      open,
      page,
      site,
      standIn,
    }) => {
      await page.goto(`${site.origin}/blank`);
      await writeLog(page, log);
      await breakIndexedDb(page);
      if (spoilt !== undefined) await page.addInitScript((key) => window.brokenIndexedDb.spoil(key), spoilt);
      await open();
      expect(await track(page, ['Of this page'])).toEqual(['stored']);
      await flush(page);
      await expect.poll(() => standIn.account([...arrive, 'Of this page'])).toEqual(once(arrive.length + 1));
      expect([...(await standIn.names())].sort()).toEqual([...arrive, 'Of this page'].sort());
      // Whatever the head said: what was there when this page came, and its own.
      const delivered = arrive.length + 1;
      await expect
        .poll(() => stats(page))
        .toMatchObject({
          tracked: delivered + dropped,
          delivered,
          pending: 0,
          dropped: { storage: dropped },
        });
      expect(addsUp(await stats(page))).toBe(true);
      // A head that is put right, with nothing lost, is no news for anybody.
      expect(await storageErrors(page)).toBe(dropped ? 1 : 0);

      const next = await open('/next', {}, await context.newPage());
      await page.close();
      expect(await track(next, ['Of the next page'])).toEqual(['stored']);
      await flush(next);
      await expect.poll(() => standIn.account([...arrive, 'Of the next page'])).toEqual(once(delivered));
      await expect.poll(() => stats(next)).toMatchObject({ tracked: 1, delivered: 1, pending: 0 });
      expect(await storageErrors(next)).toBe(0);
      expect(recordsIn(await readLog(next))).toBe(0);
    });
  }
}

test('the json of an event is cut off: 5 of 6 delivered once, that one is refused and told', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await impatient(page);
  await page.goto(`${site.origin}/blank`);
  const broken = waiting('Broken');
  await writeLog(page, middle({ at: AT, events: [{ ...broken, json: broken.json.slice(0, 50) }, four] }));
  await open();
  const arrive = names(1, 2, 4, 5, 6);
  await expect.poll(() => standIn.account(arrive)).toEqual(once(5));
  await expect
    .poll(() => stats(page))
    .toMatchObject({ tracked: 6, delivered: 5, pending: 0, dropped: { rejected: 1 } });
  expect((await told(page, 'dropped')).map(({ id, reason }) => [id, reason])).toEqual([
    [broken.id, 'rejected'],
  ]);
  expect([...(await standIn.names())].sort()).toEqual([...arrive].sort());
});
