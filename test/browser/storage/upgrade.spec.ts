/** A visitor who was here with version 0.1.0 of this package: the events that it has left are delivered by this version. */
import type { Page } from 'playwright';
import { expect, type Site, stats } from '../../support/site/fixtures.ts';
import { type Log, OUTBOX, readLog, recordsIn, writeLog } from '../../support/page/outbox-database.ts';
import { nameOf } from '../../support/site/stand-in.ts';
import { expectAccount, test } from './broken-page.ts';
import { deliver, localKeys, quiet, REFUSING, track } from './setup.ts';

/** Word for word what 0.1.0 has written: database `cio-first-party:client-api-key-web`, store `log`, no key path. */
const LOG: Log = [
  [
    2,
    {
      at: 1795259411174,
      events: [
        {
          id: '345v57160c2o2m682c4x-2',
          at: 1795259411172,
          json: '{"integrations":{},"anonymousId":"f3e61a13-bc0c-4bce-a4ab-4c2bf726fe44","event":"Viewed","messageId":"345v57160c2o2m682c4x-2","type":"track","timestamp":"2026-11-21T11:10:11.172Z","properties":{"n":1},"context":{"page":{"path":"/shop","referrer":"","search":"","title":"Shop","url":"http://localhost:39177/shop"},"userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36","locale":"en-US","library":{"name":"cio-first-party","version":"0.1.0"}}}',
          bytes: 510,
        },
        {
          id: '345v57160c2o2m682c4x-3',
          at: 1795259411173,
          json: '{"integrations":{},"userId":"u1","anonymousId":"f3e61a13-bc0c-4bce-a4ab-4c2bf726fe44","messageId":"345v57160c2o2m682c4x-3","type":"identify","timestamp":"2026-11-21T11:10:11.172Z","traits":{"plan":"pro"},"context":{"page":{"path":"/shop","referrer":"","search":"","title":"Shop","url":"http://localhost:39177/shop"},"userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36","locale":"en-US","library":{"name":"cio-first-party","version":"0.1.0"}}}',
          bytes: 513,
        },
      ],
    },
  ],
  [
    3,
    {
      at: 1795259411176,
      events: [
        {
          id: '345v57160c2o2m682c4x-4',
          at: 1795259411176,
          json: '{"integrations":{},"userId":"u1","anonymousId":"f3e61a13-bc0c-4bce-a4ab-4c2bf726fe44","name":"Home","messageId":"345v57160c2o2m682c4x-4","type":"page","timestamp":"2026-11-21T11:10:11.176Z","properties":{"path":"/shop","referrer":"","search":"","title":"Shop","url":"http://localhost:39177/shop","name":"Home"},"context":{"page":{"path":"/shop","referrer":"","search":"","title":"Shop","url":"http://localhost:39177/shop"},"userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36","locale":"en-US","library":{"name":"cio-first-party","version":"0.1.0"}}}',
          bytes: 620,
        },
      ],
    },
  ],
  ['head', { tracked: 4, delivered: 1, pending: 3, bytes: 1643, dropped: {}, nextPlace: 4 }],
];

/** The same of localStorage, with a lifeboat. */
const LOCAL: Readonly<Record<string, string>> = {
  [`${OUTBOX}:gzip`]: 'yes',
  [`${OUTBOX}:answered`]: 'yes',
  [`${OUTBOX}:lifeboat:284g1x6d3z236s0u5d0h`]:
    '[{"id":"284g1x6d3z236s0u5d0h-1","at":1795259411533,"json":"{\\"integrations\\":{},\\"userId\\":\\"u1\\",\\"anonymousId\\":\\"f3e61a13-bc0c-4bce-a4ab-4c2bf726fe44\\",\\"event\\":\\"In the boat\\",\\"messageId\\":\\"284g1x6d3z236s0u5d0h-1\\",\\"type\\":\\"track\\",\\"timestamp\\":\\"2026-11-21T11:10:11.529Z\\",\\"properties\\":{\\"n\\":2},\\"context\\":{\\"page\\":{\\"path\\":\\"/other\\",\\"referrer\\":\\"\\",\\"search\\":\\"\\",\\"title\\":\\"Shop\\",\\"url\\":\\"http://localhost:39177/other\\"},\\"userAgent\\":\\"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36\\",\\"locale\\":\\"en-US\\",\\"library\\":{\\"name\\":\\"cio-first-party\\",\\"version\\":\\"0.1.0\\"}}}","bytes":531}]',
  ajs_anonymous_id: '"f3e61a13-bc0c-4bce-a4ab-4c2bf726fe44"',
  ajs_user_id: '"u1"',
  ajs_user_traits: '{"plan":"pro"}',
};

/** The visitor is back an hour later, whenever these tests run. */
const BACK_AT = 1795259411533 + 3_600_000;

const EVENTS = ['Viewed', 'identify', 'Home'];

/** Leaves what version 0.1.0 has left: its log, and these entries of localStorage. */
async function leaveBehind(
  page: Page,
  site: Site,
  local: Readonly<Record<string, string>> = {},
): Promise<void> {
  await page.goto(`${site.origin}/blank`);
  await writeLog(page, LOG);
  await page.evaluate((entries) => void Object.assign(localStorage, entries), local);
}

test('its log: 3 of 3 delivered once, as they were, before the events of this page, and counted', ({
  brokenPage,
}) =>
  brokenPage({
    before: ({ page, site }) => leaveBehind(page, site),
    clockOffsetMs: BACK_AT - Date.now(),
    proxy: REFUSING,
    async does({ page, site }) {
      await track(page, ['New'], 'stored');
      expect(await stats(page)).toMatchObject({ tracked: 4, delivered: 0, pending: 4 });
      await quiet(page);
      await deliver({ page, site });
    },
    account: { arrived: [...EVENTS, 'New'], inOrder: true },
    async alsoCheck({ page, site, standIn }) {
      const written = LOG.flatMap(([, value]) => (value as { events?: { json: string }[] }).events ?? []);
      const arrived = (await standIn.events()).slice(0, 3);
      expect(arrived.map((event) => Object.assign({}, event, { receivedAt: undefined }))).toEqual(
        written.map(({ json }) => JSON.parse(json) as unknown),
      );
      expect(recordsIn(await readLog(page))).toBe(0);
      await page.goto(`${site.origin}/next`);
      await expectAccount(page, standIn, { arrived: [...EVENTS, 'New'], inOrder: true, delivered: 0 });
    },
  }));

test('its lifeboat, its visitor, and what it knew of the proxy: 5 of 5 delivered once', ({ brokenPage }) =>
  brokenPage({
    before: ({ page, site }) => leaveBehind(page, site, LOCAL),
    clockOffsetMs: BACK_AT - Date.now(),
    async does({ page, site, standIn }) {
      await expectAccount(page, standIn, { arrived: [...EVENTS, 'In the boat'] });
      const boat = (await standIn.events()).find((event) => nameOf(event) === 'In the boat');
      expect(boat).toMatchObject({
        messageId: '284g1x6d3z236s0u5d0h-1',
        timestamp: '2026-11-21T11:10:11.529Z',
        userId: 'u1',
        properties: { n: 2 },
      });
      expect((await site.batches()).map(({ encoding }) => encoding)[0]).toBe('gzip');
      expect(await localKeys(page, 'lifeboat')).toEqual([]);
      await track(page, ['New'], 'stored');
    },
    account: { arrived: [...EVENTS, 'In the boat', 'New'] },
    async alsoCheck({ standIn }) {
      expect((await standIn.events()).at(-1)).toMatchObject({
        userId: 'u1',
        anonymousId: 'f3e61a13-bc0c-4bce-a4ab-4c2bf726fe44',
      });
    },
  }));
