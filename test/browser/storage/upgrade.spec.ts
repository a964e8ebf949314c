/** A visitor who was here with version 0.1.0 of this package: what that left is delivered by this one. */
import { expect, stats, test, told } from '../../support/site/fixtures.ts';
import { addsUp } from '../../support/page/in-page.ts';
import { type Log, OUTBOX, readLog, recordsIn, writeLog } from '../../support/page/outbox-database.ts';
import { wrongClock } from '../../support/page/page-clock.ts';
import { nameOf } from '../../support/site/stand-in.ts';
import { flush, once, quiet, REFUSING, track } from './setup.ts';

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

/** The visitor is back an hour later; whenever these tests run. */
const BACK_AT = 1795259411533 + 3_600_000;

const EVENTS = ['Viewed', 'identify', 'Home'];

test('its log: 3 of 3 delivered once, as they were, before this page’s own, and counted', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await page.goto(`${site.origin}/blank`);
  await writeLog(page, LOG);
  await wrongClock(page, BACK_AT - Date.now());
  await site.faults(REFUSING);
  await open();
  expect(await track(page, ['New'])).toEqual(['stored']);
  expect(await stats(page)).toMatchObject({ tracked: 4, delivered: 0, pending: 4 });
  await quiet(page);
  await site.faults();
  await flush(page);
  await expect.poll(() => standIn.names()).toEqual([...EVENTS, 'New']);
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 4, delivered: 4, pending: 0 });
  expect(addsUp(await stats(page))).toBe(true);
  expect(await told(page, 'dropped')).toEqual([]);

  const written = LOG.flatMap(([, value]) => (value as { events?: { json: string }[] }).events ?? []);
  const arrived = (await standIn.events()).slice(0, 3);
  expect(arrived.map((event) => Object.assign({}, event, { receivedAt: undefined }))).toEqual(
    written.map(({ json }) => JSON.parse(json) as unknown),
  );
  expect(recordsIn(await readLog(page))).toBe(0);
  await page.goto(`${site.origin}/next`);
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 0, pending: 0 });
  expect(await standIn.account([...EVENTS, 'New'])).toEqual(once(4));
});

test('its lifeboat, its visitor, and what it knew of the proxy: 4 of 4 delivered once', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await page.goto(`${site.origin}/blank`);
  await writeLog(page, LOG);
  await page.evaluate((entries) => {
    for (const [key, value] of Object.entries(entries)) localStorage.setItem(key, value);
  }, LOCAL);
  await wrongClock(page, BACK_AT - Date.now());
  await open();
  await expect.poll(() => standIn.account([...EVENTS, 'In the boat'])).toEqual(once(4));
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 4, delivered: 4, pending: 0 });
  const boat = (await standIn.events()).find((event) => nameOf(event) === 'In the boat');
  expect(boat).toMatchObject({
    messageId: '284g1x6d3z236s0u5d0h-1',
    timestamp: '2026-11-21T11:10:11.529Z',
    userId: 'u1',
    properties: { n: 2 },
  });
  expect((await site.batches()).map(({ encoding }) => encoding)[0]).toBe('gzip');
  expect(
    await page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes('lifeboat'))),
  ).toEqual([]);
  await track(page, ['New']);
  await expect.poll(() => standIn.account(['New'])).toEqual(once(1));
  expect((await standIn.events()).at(-1)).toMatchObject({
    userId: 'u1',
    anonymousId: 'f3e61a13-bc0c-4bce-a4ab-4c2bf726fe44',
  });
});
