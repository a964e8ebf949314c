/** The stream of new messages: it is open for one tab and one token, and begins again when it ends. */
import {
  busy,
  calls,
  expect,
  fetchedFor,
  heard,
  heardOf,
  test,
  untilFetched,
  untilShown,
} from '../../support/site/message-visits.ts';
import { message } from '../../support/site/in-app-message.ts';
import type { Site } from '../../support/site/fixtures.ts';
import type { StandIn } from '../../support/site/stand-in.ts';

test.beforeEach(({ standIn }) => standIn.inAppSettings({ useSse: true }));

const untilOpen = (standIn: StandIn): Promise<void> =>
  expect.poll(() => standIn.openStreams(), { timeout: 25_000 }).toEqual(['u1']);

/** The tokens of the requests for a stream. */
const tokens = async (site: Site): Promise<readonly string[]> =>
  (await site.privateCalls())
    .filter(({ path }) => path === '/v1/messages/stream')
    .map(({ authorization }) => authorization ?? '');

test('a message that is pushed is shown within a second, and the token is in no URL and no line of a log', async ({
  visit,
  context,
  page,
  site,
  standIn,
}) => {
  const texts: string[] = [];
  page.on('console', (line) => texts.push(line.text()));
  context.on('request', (request) => texts.push(request.url()));
  await visit({ as: 'u1', sdk: { debug: true } });
  await untilOpen(standIn);
  await standIn.setMessages('u1', [message()]);
  const pushedAt = Date.now();
  expect(await standIn.pushToStream('u1', { event: 'messages', data: [message()] })).toBe(1);
  await untilShown(page, 'q1');
  const [shown] = await heardOf(page, 'shown');
  expect((shown?.at ?? Infinity) - pushedAt).toBeLessThan(busy(1_000));

  const [token = ''] = await tokens(site);
  expect(token).toMatch(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
  const signature = token.split('.')[2] ?? token;
  const upstream = await standIn.messageRequests();
  const everywhere = [...texts, ...(await site.hits()), JSON.stringify(upstream)];
  expect(everywhere.filter((text) => text.includes(signature))).toEqual([]);
  expect(texts.some((text) => text.includes('/v1/messages/stream'))).toBe(true);
});

test('messages of the inbox are told at once', async ({ visit, standIn }) => {
  const page = await visit();
  await page.evaluate(() => window.listen());
  await page.evaluate(() => window.analytics.identify('u1'));
  await untilOpen(standIn);
  const data = [{ queueId: 'i1', opened: false, sentAt: '2026-01-02T03:04:05Z', properties: {} }];
  await standIn.pushToStream('u1', { event: 'inbox_messages', data });
  await expect.poll(() => page.evaluate(() => window.inboxes.at(-1))).toEqual(['i1']);
});

test('without a word of the service there is no stream', async ({ visit, site, standIn }) => {
  await standIn.inAppSettings({ useSse: false });
  await standIn.setMessages('u1', [message()]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  expect(await calls(site, 'stream')).toEqual([]);
});

test('the token ends: the stream ends, and begins again with a new one', async ({ visit, site, standIn }) => {
  await site.change({ login: { ttlSeconds: 6 } });
  const page = await visit({ as: 'u1' });
  await untilOpen(standIn);
  await expect.poll(async () => new Set(await tokens(site)).size, { timeout: 30_000 }).toBeGreaterThan(1);
  await untilOpen(standIn);
  await standIn.setMessages('u1', [message()]);
  await expect
    .poll(async () => {
      await standIn.pushToStream('u1', { event: 'messages', data: [message()] });
      return heard(page);
    })
    .toContain('shown gist-html-q1');
});

for (const [name, end] of Object.entries({
  'the service ends it': (standIn: StandIn) =>
    standIn.pushToStream('u1', { event: 'ttl_exceeded', data: {} }),
  'its connection breaks': (standIn: StandIn) => standIn.cutStreams('u1'),
}))
  test(`${name}: it is open again within five seconds, and one fetch follows`, async ({
    visit,
    site,
    standIn,
  }) => {
    await visit({ as: 'u1' });
    await untilOpen(standIn);
    const opened = (await standIn.messageRequests('stream')).length;
    await untilFetched(site, 1);
    const fetches = (await fetchedFor(standIn)).length;
    // A message that came while there was no stream arrives by the fetch.
    const endedAt = Date.now();
    expect(await end(standIn)).toBe(1);
    await expect.poll(async () => (await standIn.messageRequests('stream')).length).toBe(opened + 1);
    const again = (await standIn.messageRequests('stream')).at(-1);
    expect((again?.atMs ?? Infinity) - endedAt).toBeLessThan(5_000);
    await untilOpen(standIn);
    await expect.poll(async () => (await fetchedFor(standIn)).length, { timeout: 20_000 }).toBe(fetches + 1);
  });

test('the next person signs in: the stream of the first is closed, and that of the second opens', async ({
  visit,
  standIn,
}) => {
  const page = await visit({ as: 'u1' });
  await untilOpen(standIn);
  await page.evaluate(() => window.analytics.identify('u2'));
  await expect.poll(() => standIn.openStreams(), { timeout: 25_000 }).toEqual(['u2']);
  await page.evaluate(() => window.analytics.anonymize());
  await expect.poll(() => standIn.openStreams()).toEqual([]);
});
