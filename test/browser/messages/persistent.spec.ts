/** Messages that stay from page to page until the visitor closes or snoozes them. */
import {
  expect,
  frameCount,
  heard,
  messageIn,
  metrics,
  passMarker,
  seen,
  test,
  untilFetched,
  untilHeard,
  untilShown,
} from '../../support/site/message-visits.ts';
import { message } from '../../support/site/in-app-message.ts';

const PERSISTENT = message({
  html: `<p>Stays</p>
    <button data-action="gist://close">Close</button>
    <button data-action="gist://snooze?showIn=1">Later</button>`,
  gist: { persistent: true },
});

test('three reloads: shown each time, opened once, seen when it is closed', async ({
  visit,
  site,
  standIn,
}) => {
  await standIn.setMessages('u1', [PERSISTENT]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  for (const times of [2, 3, 4]) {
    await untilFetched(site, times - 1);
    await page.reload();
    await untilShown(page, 'q1');
  }
  await passMarker(page, standIn);
  expect(await metrics(standIn)).toEqual([{ deliveryId: 'd1', metric: 'opened' }]);
  expect(await seen(standIn)).toEqual([]);
  await messageIn(page).getByRole('button', { name: 'Close' }).click();
  await untilHeard(page, 'dismissed gist-html-q1');
  await expect.poll(() => seen(standIn)).toEqual(['q1 200']);
  await passMarker(page, standIn);
  expect(await metrics(standIn)).toHaveLength(1);
  expect(await seen(standIn)).toHaveLength(1);
});

test('a tap that would close another message keeps it open', async ({ visit, standIn }) => {
  const html = '<button data-action="https://a.example" data-name="a" data-system>Go</button>';
  await standIn.setMessages('u1', [message({ html, gist: { persistent: true } })]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  await messageIn(page).getByRole('button', { name: 'Go' }).click();
  await untilHeard(page, 'action gist-html-q1');
  await passMarker(page, standIn);
  expect(await frameCount(page)).toBe(1);
  expect(await seen(standIn)).toEqual([]);
});

test('a snooze of a minute: hidden, and back after it', async ({ visit, page, standIn }) => {
  await page.clock.install();
  await standIn.setMessages('u1', [PERSISTENT]);
  await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  await messageIn(page).getByRole('button', { name: 'Later' }).click();
  await expect.poll(() => frameCount(page)).toBe(0);
  await page.clock.fastForward(30_000);
  await page.evaluate(() => window.analytics.page('Home'));
  await passMarker(page, standIn);
  expect((await heard(page)).filter((each) => each.startsWith('shown'))).toHaveLength(1);
  await page.clock.fastForward(30_000);
  await untilShown(page, 'q1', 2);
  await passMarker(page, standIn);
  expect(await metrics(standIn)).toEqual(expect.arrayContaining([{ deliveryId: 'd1', metric: 'opened' }]));
  expect((await metrics(standIn)).filter((each) => each?.['metric'] === 'opened')).toHaveLength(1);
  expect(await seen(standIn)).toEqual([]);
});

test('a snooze goes on after a reload', async ({ visit, page, site, standIn }) => {
  await page.clock.install();
  await standIn.setMessages('u1', [PERSISTENT]);
  await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  await messageIn(page).getByRole('button', { name: 'Later' }).click();
  await expect.poll(() => frameCount(page)).toBe(0);
  await page.reload();
  await untilFetched(site, 2);
  await page.evaluate(() => window.analytics.page('Home'));
  await passMarker(page, standIn);
  expect(await heard(page)).toEqual([]);
  await page.clock.fastForward(60_000);
  await untilShown(page, 'q1');
});
