/** Something in the log is broken: it is taken out, counted and told; all the rest is delivered, and the log is whole again. */
import { expect, impatient, told } from '../../support/site/fixtures.ts';
import { breakIndexedDb } from '../../support/page/indexeddb-faults.ts';
import {
  headOf,
  type Log,
  readLog,
  recordsIn,
  waiting,
  writeLog,
} from '../../support/page/outbox-database.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { expectAccount, type Row, test } from './broken-page.ts';
import { flush, track } from './setup.ts';

const AT = Date.now() - 60_000;
const EVENTS = numbered(6).map(waiting);
const [one, two, three, four, five, six] = EVENTS;
const FIRST = { at: AT, events: [one, two] };
const MIDDLE = { at: AT, events: [three, four] };
const LAST = { at: AT, events: [five, six] };
const HEAD = headOf(EVENTS, 4);

interface Damage {
  readonly name: string;
  readonly log: Log;
  /** Numbers of the events that arrive. @default all of `Event 1` to `Event 6` */
  readonly arrive?: readonly number[];
  /** Number of events that are counted as dropped because of `storage`. @default those that do not arrive */
  readonly dropped?: number;
  /** Key of a value that the browser cannot read. */
  readonly spoilt?: number | string;
}

const withRecord = (record: unknown): Log => [
  [1, FIRST],
  [2, record],
  [3, LAST],
  ['head', HEAD],
];
const withHead = (head: unknown): Log => [
  [1, FIRST],
  [2, MIDDLE],
  [3, LAST],
  ['head', head],
];
const withEvent = (event: unknown): Log => withRecord({ at: AT, events: [event, four] });
const WHOLE = withRecord(MIDDLE);

/** Six events, of which a head counts three twice. */
const NINE = [...EVENTS, ...EVENTS.slice(3)];
const ALL = [1, 2, 3, 4, 5, 6];
/** The record in the middle is lost. */
const OUTER = [1, 2, 5, 6];
/** One event of that record is lost. */
const NO_THIRD = [1, 2, 4, 5, 6];

const DAMAGES: readonly Damage[] = [
  { name: 'a record is null', log: withRecord(null), arrive: OUTER },
  { name: 'a record is a text', log: withRecord('?'), arrive: OUTER },
  { name: 'a record has no events', log: withRecord({ at: AT }), arrive: OUTER },
  { name: 'events that are no list', log: withRecord({ at: AT, events: { length: 2 } }), arrive: OUTER },
  { name: 'an event is null', log: withEvent(null), arrive: NO_THIRD },
  { name: 'an event has no json', log: withEvent({ ...three, json: undefined }), arrive: NO_THIRD },
  { name: 'an event has no id', log: withEvent({ ...three, id: undefined }), arrive: NO_THIRD },
  { name: 'an event has no size', log: withEvent({ ...three, bytes: undefined }), arrive: NO_THIRD },
  { name: 'a record cannot be read (UnknownError)', log: WHOLE, arrive: OUTER, spoilt: 2 },
  { name: 'the first record cannot be read', log: WHOLE, arrive: [3, 4, 5, 6], spoilt: 1 },
  { name: 'the last record cannot be read', log: WHOLE, arrive: [1, 2, 3, 4], spoilt: 3 },
  { name: 'a record is gone', log: WHOLE.filter(([key]) => key !== 2), arrive: OUTER },

  { name: 'the head is null', log: withHead(null) },
  { name: 'the head is a text', log: withHead('?') },
  { name: 'the head has no counts', log: withHead({}) },
  { name: 'counts that are no numbers', log: withHead({ ...HEAD, tracked: '13', pending: Number.NaN }) },
  { name: 'the head is gone', log: WHOLE.filter(([key]) => key !== 'head') },
  { name: 'the head cannot be read (UnknownError)', log: WHOLE, spoilt: 'head' },
  { name: 'the head counts 3 too many', log: withHead({ ...HEAD, tracked: 16, pending: 9 }), dropped: 3 },
  { name: 'the head counts 3 too many, and their bytes', log: withHead(headOf(NINE, 4)), dropped: 3 },
  { name: 'the head counts 2 too few', log: withHead({ ...HEAD, tracked: 11, pending: 4 }) },
  { name: 'the head counts 2 too few, and their bytes', log: withHead(headOf(EVENTS.slice(2), 4)) },
  { name: 'the head does not add up', log: withHead({ ...HEAD, delivered: 70 }) },
  { name: 'the next record would replace the last', log: withHead({ ...HEAD, nextPlace: 3 }) },
];

const named = (numbers: readonly number[]): readonly string[] => numbers.map((number) => `Event ${number}`);

const rowOf = ({ name, log, arrive = ALL, dropped = 6 - arrive.length, spoilt }: Damage): Row => ({
  name: `${name}: ${arrive.length} of 6 delivered once, ${dropped} counted as dropped, the next page works as ever`,
  async before({ page, site }) {
    await page.goto(`${site.origin}/blank`);
    await writeLog(page, log);
    await breakIndexedDb(page);
    if (spoilt !== undefined) await page.addInitScript((key) => window.brokenIndexedDb.spoil(key), spoilt);
  },
  async does({ context, open, page, standIn }) {
    await track(page, ['Of this page'], 'stored');
    await flush(page);
    await expectAccount(page, standIn, {
      arrived: [...named(arrive), 'Of this page'],
      dropped: { storage: dropped },
      // A head that is repaired without the loss of an event is no error.
      told: dropped ? 1 : 0,
    });

    const next = await open('/next', {}, await context.newPage());
    await page.close();
    await track(next, ['Of the next page'], 'stored');
    await flush(next);
    return next;
  },
  account: { arrived: [...named(arrive), 'Of this page', 'Of the next page'], delivered: 1 },
  alsoCheck: async ({ page }) => expect(recordsIn(await readLog(page))).toBe(0),
});

const BROKEN = waiting('Broken');

const ROWS: readonly Row[] = [
  ...DAMAGES.map(rowOf),
  {
    name: 'the json of an event is cut off: 5 of 6 delivered once, that event is refused and told',
    async before({ page, site }) {
      await impatient(page);
      await page.goto(`${site.origin}/blank`);
      await writeLog(page, withEvent({ ...BROKEN, json: BROKEN.json.slice(0, 50) }));
    },
    async does() {},
    account: { arrived: named(NO_THIRD), dropped: { rejected: 1 } },
    async alsoCheck({ page }) {
      const drops = await told(page, 'dropped');
      expect(drops.map(({ id, reason }) => [id, reason])).toEqual([[BROKEN.id, 'rejected']]);
    },
  },
];

for (const row of ROWS) test(row.name, ({ brokenPage }) => brokenPage(row));
