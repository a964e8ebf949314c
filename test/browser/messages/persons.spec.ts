/** Two people on one page: nothing of the first reaches the second. */
import type { Page } from 'playwright';
import {
  busy,
  calls,
  expect,
  fetchedFor,
  frameCount,
  heard,
  metrics,
  passMarker,
  reports,
  seen,
  setQueues,
  signIn,
  test,
  untilShown,
} from '../../support/site/message-visits.ts';
import { keptBy } from '../../support/page/kept.ts';
import { message } from '../../support/site/in-app-message.ts';
import { messagePage } from '../../support/site/message-pages.ts';
import { REFUSED, reasons } from '../../support/site/members.ts';

const SLOT = messagePage('<div id="slot">Own content</div>');

/** Records what frames say, with the window that has said it. */
const recordFrames = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const said: MessageEvent[] = [];
    (window as unknown as { said: MessageEvent[] }).said = said;
    window.addEventListener('message', (event) => event.isTrusted && said.push(event));
  });

/** Repeats what frames have said, and lets each tap a link, as if their messages had been late. */
const repeatFrames = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const { said } = window as unknown as { said: MessageEvent<{ gist: { instanceId: string } }>[] };
    const once = [...said];
    for (const { data, source } of once) {
      const { instanceId } = data.gist;
      const late = [
        data,
        { gist: { method: 'routeLoaded', instanceId } },
        { gist: { method: 'tap', instanceId, parameters: { action: 'https://late.example', name: 'late' } } },
      ];
      for (const each of late)
        window.dispatchEvent(new MessageEvent('message', { data: each, source, origin: 'null' }));
    }
    return once.length;
  });

test('the next person signs in: frames are gone in the same tick, the fetch follows, late frames are not heard', async ({
  visit,
  site,
  standIn,
}) => {
  await site.page('/messages', SLOT);
  await setQueues(standIn, {
    u1: [
      message({ queueId: 'q1', deliveryId: 'd1' }),
      message({ queueId: 'q2', deliveryId: 'd2', gist: { elementId: 'slot' } }),
    ],
  });
  const page = await visit();
  await recordFrames(page);
  await signIn(page, 'u1');
  await untilShown(page, 'q1');
  await untilShown(page, 'q2');
  await expect.poll(async () => (await metrics(standIn)).length).toBe(2);
  const before = await heard(page);
  const { left, at } = await page.evaluate(() => {
    const time = Date.now();
    void window.analytics.identify('u2');
    return { left: window.messageFrames().length, at: time };
  });
  expect(left).toBe(0);
  expect(await repeatFrames(page)).toBeGreaterThan(2);
  await expect.poll(() => fetchedFor(standIn)).toEqual(['u1', 'u2']);
  const [, second] = await standIn.messageRequests('queue');
  expect((second?.atMs ?? Infinity) - at).toBeLessThan(busy(1_000));
  await repeatFrames(page);
  await passMarker(page, standIn);
  expect(await heard(page)).toEqual(before);
  expect(await metrics(standIn)).toHaveLength(2);
  expect((await reports(standIn)).map(({ userId }) => userId)).toEqual(['u1', 'u1']);
  expect(await frameCount(page)).toBe(0);
});

test('a frame that is still loading for the first person shows nothing to the second', async ({
  visit,
  standIn,
}) => {
  await standIn.setMessages('u1', [message()]);
  await standIn.inAppFaults({ route: 'frame', times: 1, delayMs: 2_000 });
  const page = await visit({ as: 'u1' });
  await expect.poll(async () => (await standIn.messageRequests('frame')).length).toBe(1);
  await signIn(page, 'u2');
  expect(await frameCount(page)).toBe(0);
  await expect.poll(async () => (await standIn.messageRequests('frame'))[0]?.outcome).toBe(200);
  await passMarker(page, standIn);
  expect(await heard(page)).toEqual([]);
  expect(await seen(standIn)).toEqual([]);
  expect(await metrics(standIn)).toEqual([]);
});

test('a fetch of the first person that is answered late: the second never gets it, and nothing of it is stored', async ({
  visit,
  standIn,
}) => {
  const secret = message({ queueId: 'queue-of-u1', deliveryId: 'delivery-of-u1', html: '<p>Of u1</p>' });
  await standIn.setPeople({
    u1: {
      messages: [
        { queueId: 'inbox-of-u1', opened: false, sentAt: '2026-01-02T03:04:05Z', properties: { of: 'u1' } },
      ],
      inAppMessages: [secret],
    },
    u2: {
      messages: [
        { queueId: 'inbox-of-u2', opened: false, sentAt: '2026-01-02T03:04:05Z', properties: { of: 'u2' } },
      ],
      inAppMessages: [message({ queueId: 'q2' })],
    },
  });
  await standIn.inAppFaults({ route: 'queue', userId: 'u1', delayMs: 3_000 });
  const page = await visit();
  await page.evaluate(() => window.listen());
  await signIn(page, 'u1');
  await expect.poll(() => fetchedFor(standIn)).toEqual(['u1']);
  await signIn(page, 'u2');
  await untilShown(page, 'q2');
  await expect.poll(async () => (await standIn.messageRequests('queue'))[0]?.outcome).not.toBe('pending');
  await passMarker(page, standIn);
  const told = await page.evaluate(() => window.inboxes);
  expect(new Set(told.flat())).toEqual(new Set(['inbox-of-u2']));
  expect(await heard(page)).toEqual(['shown gist-html-q2']);
  const kept = await keptBy(page);
  for (const text of ['queue-of-u1', 'inbox-of-u1', 'delivery-of-u1', 'Of u1'])
    expect(kept).not.toContain(text);
  expect((await fetchedFor(standIn)).slice(0, 2)).toEqual(['u1', 'u2']);
  expect(await seen(standIn)).toEqual(['q2 200']);
});

test('an id that is not Latin: its UTF-8 in base64 goes upstream, and the message shows', async ({
  visit,
  standIn,
}) => {
  await standIn.setMessages('ユーザー1', [message()]);
  const page = await visit({ as: 'ユーザー1' });
  await untilShown(page, 'q1');
  const [request] = await standIn.messageRequests('queue');
  expect(request?.headers['x-gist-encoded-user-token']).toBe(Buffer.from('ユーザー1').toString('base64'));
  await expect.poll(() => seen(standIn)).toEqual(['q1 200']);
});

test('a token that the proxy calls expired: one new token, and the fetch', async ({
  visit,
  site,
  standIn,
}) => {
  await standIn.setMessages('u1', [message()]);
  const body = REFUSED.body.replace('signature', 'expired');
  await site.change({
    privateFaults: [{ path: '/v1/messages/fetch', times: 1, does: { ...REFUSED, body } }],
  });
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  expect(await calls(site, 'fetch')).toEqual(['401', '200']);
  expect(await reasons(site)).toHaveLength(2);
});

test('a page with ?cioPreviewId= in its URL asks as the person who has signed in', async ({
  visit,
  standIn,
}) => {
  await setQueues(standIn, { u1: [message()], u2: [message({ queueId: 'q2' })] });
  const page = await visit({ as: 'u1', path: '/messages?cioPreviewId=u2' });
  await untilShown(page, 'q1');
  await passMarker(page, standIn);
  const asked = await standIn.messageRequests();
  expect(new Set(asked.map(({ userId }) => userId).filter(Boolean))).toEqual(new Set(['u1']));
  expect(asked.filter(({ route }) => route === 'preview')).toEqual([]);
});
