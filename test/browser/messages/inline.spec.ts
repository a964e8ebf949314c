/** Messages in an element of the page: the element may come late and go early, and keeps what is its own. */
import type { Page } from 'playwright';
import {
  busy,
  expect,
  frameCount,
  heard,
  messageIn,
  passMarker,
  test,
  untilFetched,
  untilHeard,
  untilShown,
} from '../../support/site/message-visits.ts';
import { message, type MessageParts } from '../../support/site/in-app-message.ts';
import { messagePage } from '../../support/site/message-pages.ts';

const inline = (queueId: string, parts: MessageParts = {}) =>
  message({
    queueId,
    deliveryId: `d-${queueId}`,
    html: `<p style="height: 90px">Inline ${queueId}</p><button data-action="gist://close">Close</button>`,
    ...parts,
    gist: { elementId: 'slot', ...parts.gist },
  });

const WITH_SLOT = messagePage('<div id="slot">Own content</div>');

const addSlot = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    const slot = document.createElement('div');
    slot.id = 'slot';
    slot.textContent = 'Own content';
    const at = performance.now();
    document.body.append(slot);
    while (!window.messageFrames().length && performance.now() - at < 30_000)
      await new Promise(requestAnimationFrame);
    return performance.now() - at;
  });

test('an element that comes eight seconds later gets its message within a second', async ({
  visit,
  page,
  site,
  standIn,
}) => {
  await page.clock.install();
  await standIn.setMessages('u1', [inline('q1')]);
  await visit({ as: 'u1' });
  await untilFetched(site, 1);
  await page.evaluate(() => window.analytics.page('Home'));
  await page.clock.fastForward(8_000);
  expect(await frameCount(page)).toBe(0);
  expect(await addSlot(page)).toBeLessThan(busy(1_000));
  await untilShown(page, 'q1');
  await expect(messageIn(page).getByText('Inline q1')).toBeVisible();
});

test('an element that goes with its view frees its message, and the next message gets a new one', async ({
  visit,
  site,
  standIn,
}) => {
  await site.page('/messages', WITH_SLOT);
  await standIn.setMessages('u1', [inline('q1', { priority: 1 }), inline('q2', { priority: 2 })]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  await page.evaluate(() => {
    history.pushState({}, '', '/messages?view=2');
    document.getElementById('slot')?.remove();
    void window.analytics.page('Another view');
  });
  await expect.poll(() => frameCount(page)).toBe(0);
  await addSlot(page);
  await untilShown(page, 'q2');
  expect((await heard(page)).filter((each) => !each.startsWith('shown'))).toEqual([]);
});

test('the message has the height of its content, and the element its own content again after the close', async ({
  visit,
  site,
  standIn,
}) => {
  await site.page('/messages', WITH_SLOT);
  await standIn.setMessages('u1', [inline('q1')]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  const heights = (): Promise<readonly (number | undefined)[]> =>
    page.evaluate(() => {
      const [frame] = window.messageFrames();
      return [frame?.clientHeight, document.getElementById('slot')?.clientHeight];
    });
  await expect.poll(async () => (await heights())[0]).toBeGreaterThan(90);
  const [frameHeight, slotHeight] = await heights();
  expect(slotHeight).toBe(frameHeight);
  const own = page.locator('#slot').getByText('Own content');
  expect(await page.evaluate(() => document.getElementById('slot')?.innerText)).not.toContain('Own content');
  await messageIn(page).getByRole('button', { name: 'Close' }).click();
  await untilHeard(page, 'dismissed gist-html-q1');
  await expect.poll(() => frameCount(page)).toBe(0);
  expect(await page.evaluate(() => document.getElementById('slot')?.innerText)).toBe('Own content');
  await expect(own.or(page.locator('#slot'))).toBeVisible();
});

test('an element with a height of its own keeps it', async ({ visit, site, standIn }) => {
  await standIn.setMessages('u1', [inline('q1')]);
  const page = await visit();
  await page.evaluate(() => {
    const slot = document.createElement('div');
    slot.id = 'slot';
    slot.style.setProperty('height', '160px');
    document.body.append(slot);
    void window.analytics.identify('u1');
  });
  await untilShown(page, 'q1');
  await untilFetched(site, 1);
  const heights = await page.evaluate(() => {
    const [frame] = window.messageFrames();
    return [document.getElementById('slot')?.clientHeight, frame?.clientHeight];
  });
  expect(heights).toEqual([160, 160]);
});

test('a CSS selector names the element too', async ({ visit, site, standIn }) => {
  await site.page('/messages', messagePage('<main><section class="offer">Own</section></main>'));
  await standIn.setMessages('u1', [inline('q1', { gist: { elementId: 'main > .offer' } })]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  expect(
    await page.evaluate(() => {
      const root = window.messageFrames()[0]?.getRootNode();
      return root instanceof ShadowRoot ? root.host.className : undefined;
    }),
  ).toBe('offer');
});

test('an inline message that fails while a modal is open: the modal stays, and one error is told', async ({
  visit,
  site,
  standIn,
}) => {
  await site.page('/messages', WITH_SLOT);
  await standIn.setMessages('u1', [inline('q1'), message({ queueId: 'q2', deliveryId: 'd2' })]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  await untilShown(page, 'q2');
  // The modal covers the inline message, so its script fails by itself.
  for (const frame of page.frames().slice(1))
    await frame.evaluate(() => {
      if (!document.body.innerText.includes('Inline')) return;
      (window as unknown as { message: { post(method: string): void } }).message.post('routeError');
    });
  await untilHeard(page, 'error gist-html-q1');
  await expect.poll(() => frameCount(page)).toBe(1);
  await expect(messageIn(page).getByText('Message q2')).toBeVisible();
  expect(await page.evaluate(() => window.messageFrames()[0]?.closest('dialog')?.open)).toBe(true);
  expect(await page.evaluate(() => document.getElementById('slot')?.innerText)).toBe('Own content');
  await passMarker(page, standIn);
  expect((await heard(page)).filter((each) => !each.startsWith('shown'))).toEqual(['error gist-html-q1']);
});
