/** Renderers of all kinds: those that can be shown are shown, and the others cost nothing but their message. */
import type { Page } from 'playwright';
import {
  expect,
  frameCount,
  heardOf,
  messageIn,
  metrics,
  passMarker,
  seen,
  test,
  untilHeard,
  untilShown,
} from '../../support/site/message-visits.ts';
import type { RendererVariant } from '../../../demo/pipelines/in-app/settings.ts';
import { message } from '../../support/site/in-app-message.ts';
import type { StandIn } from '../../support/site/stand-in.ts';

for (const variant of ['V1', 'V2', 'V3', 'V4', 'V4-redirect', 'V5', 'V7'] as const)
  test(`the renderer ${variant} shows its message`, async ({ visit, site, standIn }) => {
    await standIn.rendererVariant(variant);
    // Root-absolute URLs need hosts of their own, as the real ones.
    if (variant.startsWith('V4'))
      await site.change({ inApp: { rendererUrl: standIn.origin, codeUrl: standIn.origin } });
    await standIn.setMessages('u1', [message()]);
    const page = await visit({ as: 'u1' });
    await untilShown(page, 'q1');
    await expect(messageIn(page).getByText('Message q1')).toBeVisible();
    await expect.poll(() => seen(standIn)).toEqual(['q1 200']);
  });

/** The time between the first request for the frame and the event `error`. */
async function errorAfterMs(page: Page, standIn: StandIn): Promise<number> {
  const [error] = await heardOf(page, 'error');
  const request = (await standIn.messageRequests()).find(({ route }) => route === 'frame');
  return (error?.at ?? Infinity) - (request?.atMs ?? 0);
}

/** Waits until the message has failed in time, and the next one is there. */
async function expectFailure(page: Page, standIn: StandIn, messageId: string): Promise<void> {
  await untilHeard(page, `error ${messageId}`);
  expect(await errorAfterMs(page, standIn)).toBeLessThan(6_000);
  await untilShown(page, 'q2');
  await expect(messageIn(page).getByText('Message q2')).toBeVisible();
  expect(await frameCount(page)).toBe(1);
  await expect(page.getByRole('heading', { name: 'Messages' })).toBeAttached();
  await expect.poll(() => metrics(standIn)).toEqual([{ deliveryId: 'd2', metric: 'opened' }]);
  await passMarker(page, standIn);
  expect(await seen(standIn)).toEqual(['q2 200']);
  expect(await heardOf(page, 'error')).toHaveLength(1);
}

/** The messages of a test: the first fails, the second does not. */
const queue = (messageId: string): Parameters<StandIn['setMessages']>[1] => [
  message({ queueId: 'q1', messageId, deliveryId: 'd1', priority: 1 }),
  message({ queueId: 'q2', deliveryId: 'd2', priority: 2 }),
];

for (const variant of ['V6', 'V8-silent', 'V8-error', 'V8-route-error', 'V8-foreign'] as const)
  test(`a message that its renderer fails on (${variant}) is told as an error, and the next one opens`, async ({
    visit,
    standIn,
  }) => {
    await standIn.setMessages('u1', queue(`${variant}--m1`));
    const page = await visit({ as: 'u1' });
    await expectFailure(page, standIn, `${variant}--m1`);
  });

for (const variant of ['V8-missing', 'V8-huge'] satisfies readonly RendererVariant[])
  test(`a renderer that does not come (${variant}) is told as an error, and the next message opens`, async ({
    visit,
    standIn,
  }) => {
    await standIn.rendererVariant(variant);
    await standIn.setMessages('u1', queue('m1'));
    const page = await visit({ as: 'u1' });
    await expect.poll(async () => (await standIn.messageRequests('frame')).length).toBe(1);
    await standIn.rendererVariant('V1');
    await expectFailure(page, standIn, 'm1');
  });

test('a host of the renderer that never answers is told as an error, and the next message opens', async ({
  visit,
  standIn,
}) => {
  await standIn.inAppFaults({ route: 'frame', times: 1, hang: true });
  await standIn.setMessages('u1', queue('m1'));
  const page = await visit({ as: 'u1' });
  await expectFailure(page, standIn, 'm1');
});
