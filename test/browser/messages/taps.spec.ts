/** What a visitor taps in a message: links, the button that closes, and the next message. */
import type { Page } from 'playwright';
import {
  busy,
  expect,
  frameCount,
  heard,
  heardOf,
  messageIn,
  metrics,
  passMarker,
  test,
  untilHeard,
  untilShown,
} from '../../support/site/message-visits.ts';
import { message } from '../../support/site/in-app-message.ts';

const button = (action: string, name: string): string =>
  `<button data-action="${action}" data-name="${name}">${name}</button>`;

/** Taps the button of this name in the message. */
const tap = (page: Page, name: string): Promise<void> =>
  messageIn(page).getByRole('button', { name, exact: true }).click();

test('a link: the application and Customer.io get its name and URL, and the page stays', async ({
  visit,
  standIn,
}) => {
  await standIn.setMessages('u1', [message({ html: button('https://a.example', 'buy') })]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  await tap(page, 'buy');
  await expect
    .poll(() => metrics(standIn))
    .toEqual([
      { deliveryId: 'd1', metric: 'opened' },
      { deliveryId: 'd1', metric: 'clicked', actionName: 'buy', actionValue: 'https://a.example' },
    ]);
  const [action] = await heardOf(page, 'action');
  expect(action).toMatchObject({
    messageId: 'gist-html-q1',
    deliveryId: 'd1',
    actionName: 'buy',
    actionValue: 'https://a.example',
  });
  expect(new URL(page.url()).pathname).toBe('/messages');
  expect(await frameCount(page)).toBe(1);
  expect(await heard(page)).toEqual(['shown gist-html-q1', 'action gist-html-q1']);
});

test('gist://loadPage leads to a page of the site, and the tap is still counted', async ({
  visit,
  standIn,
}) => {
  await standIn.setMessages('u1', [message({ html: button('gist://loadPage?url=/cart', 'go') })]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  await tap(page, 'go');
  await page.waitForURL('**/cart');
  await expect
    .poll(() => metrics(standIn))
    .toContainEqual({
      deliveryId: 'd1',
      metric: 'clicked',
      actionName: 'go',
      actionValue: 'gist://loadPage?url=/cart',
    });
});

for (const url of [
  'javascript:window.executed=1',
  ' java&#10;script:window.executed=1',
  'data:text/html,<h1>x</h1>',
  'vbscript:x',
])
  test(`gist://loadPage to ${JSON.stringify(url)} leads nowhere and runs nothing`, async ({
    visit,
    standIn,
  }) => {
    await standIn.setMessages('u1', [message({ html: button(`gist://loadPage?url=${url}`, 'go') })]);
    const page = await visit({ as: 'u1' });
    await untilShown(page, 'q1');
    await tap(page, 'go');
    await untilHeard(page, 'action gist-html-q1');
    await passMarker(page, standIn);
    expect(new URL(page.url()).pathname).toBe('/messages');
    expect(await page.evaluate(() => 'executed' in window)).toBe(false);
  });

test('gist://close: gone within 600 ms, told once, the focus is back, and the next message opens', async ({
  visit,
  standIn,
}) => {
  await standIn.setMessages('u1', [
    message({ queueId: 'q9', deliveryId: 'd9', priority: 9 }),
    message({ queueId: 'q1', deliveryId: 'd1', priority: 1, gist: { elementId: 'x-gist-top' } }),
    message({ queueId: 'q2', deliveryId: 'd2', priority: 2 }),
  ]);
  const page = await visit();
  await page.evaluate(() => {
    document.getElementById('first')?.focus();
    void window.analytics.identify('u1');
  });
  await untilShown(page, 'q1');
  await untilShown(page, 'q2');
  expect(await heard(page)).not.toContain('shown gist-html-q9');
  await page.evaluate(() => window.analytics.messages.dismiss('d1'));
  await expect.poll(() => frameCount(page)).toBe(1);

  await page.evaluate(() => {
    const [frame] = window.messageFrames();
    const page = window as unknown as { goneMs: number; focusedId: string | undefined };
    window.analytics.on('message', ({ type, messageId }) => {
      if (type !== 'dismissed' || messageId !== 'gist-html-q2') return;
      const at = performance.now();
      page.focusedId = window.focused()?.id;
      const look = (): void => {
        if (frame?.isConnected) requestAnimationFrame(look);
        else page.goneMs = performance.now() - at;
      };
      look();
    });
  });
  await tap(page, 'Close');
  await untilHeard(page, 'dismissed gist-html-q2');
  await untilShown(page, 'q9');
  // The next message may be shown before the frame of this one has faded out.
  await page.waitForFunction(() => 'goneMs' in window);
  const after = await page.evaluate(() => {
    const { goneMs, focusedId } = window as unknown as { goneMs: number; focusedId: string };
    return { goneMs, focusedId };
  });
  expect(after.goneMs).toBeLessThan(busy(600));
  expect(after.focusedId).toBe('first');
  expect((await heard(page)).filter((each) => each.startsWith('dismissed'))).toEqual([
    'dismissed gist-html-q1',
    'dismissed gist-html-q2',
  ]);
  await passMarker(page, standIn);
  // Closing is no click that Customer.io counts.
  const told = await metrics(standIn);
  expect(told).toHaveLength(3);
  expect(told).toEqual(
    expect.arrayContaining(['d1', 'd2', 'd9'].map((deliveryId) => ({ deliveryId, metric: 'opened' }))),
  );
});
