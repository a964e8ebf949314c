/** Messages for visitors who use a keyboard or a screen reader, or who want less motion. */
import type { Page } from 'playwright';
import {
  expect,
  frameCount,
  heard,
  messageIn,
  passMarker,
  test,
  untilHeard,
  untilShown,
} from '../../support/site/message-visits.ts';
import { message } from '../../support/site/in-app-message.ts';
import { messagePage } from '../../support/site/message-pages.ts';

const LINKS = messagePage('<a href="/cart">One</a><a href="/cart">Two</a><button>Three</button>');
const TITLED =
  '<!doctype html><html><head><title>Spring offer</title></head><body><p>Offer</p><button data-action="gist://close">Close</button></body></html>';

const focusIsInside = (page: Page): Promise<boolean> =>
  page.evaluate(() => document.activeElement?.localName === 'cio-message');

test('a modal is a dialog with a name, and has the focus', async ({ visit, standIn }) => {
  await standIn.setMessages('u1', [message({ html: TITLED })]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  const dialog = page.getByRole('dialog', { name: 'Spring offer' });
  await expect(dialog).toBeVisible();
  await expect(dialog).toHaveAttribute('aria-modal', 'true');
  await expect.poll(() => page.evaluate(() => window.messageFrames()[0]?.title)).toBe('Spring offer');
  expect(await focusIsInside(page)).toBe(true);
  // A screen reader finds the dialog alone: the browser takes the rest of the page away from it.
  await expect(page.getByRole('button', { name: 'A button' })).not.toBeFocused();
});

test('before it has told its title, a modal has a name too', async ({ visit, standIn }) => {
  const html = '<!doctype html><html><head></head><body><p>No title</p></body></html>';
  await standIn.setMessages('u1', [message({ html })]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  await expect(page.getByRole('dialog', { name: 'Message' })).toBeVisible();
});

for (const key of ['Tab', 'Shift+Tab'])
  test(`${key} stays inside, and reaches the button of the message`, async ({ visit, site, standIn }) => {
    await site.page('/messages', LINKS);
    await standIn.setMessages('u1', [message({ html: TITLED })]);
    const page = await visit({ as: 'u1' });
    await untilShown(page, 'q1');
    let reached = 0;
    for (let times = 0; times < 12; times++) {
      await page.keyboard.press(key);
      expect(await focusIsInside(page), `after ${times + 1}`).toBe(true);
      const frame = page.frames().at(-1);
      if (await frame?.evaluate(() => document.hasFocus() && document.activeElement?.localName === 'button'))
        reached++;
    }
    expect(reached).toBeGreaterThan(1);
  });

test('Escape closes a message that allows it, and the focus goes back', async ({ visit, standIn }) => {
  await standIn.setMessages('u1', [message({ gist: { exitClick: true } })]);
  const page = await visit();
  await page.evaluate(() => {
    document.getElementById('first')?.focus();
    void window.analytics.identify('u1');
  });
  await untilShown(page, 'q1');
  await page.keyboard.press('Escape');
  await untilHeard(page, 'dismissed gist-html-q1');
  await expect.poll(() => frameCount(page)).toBe(0);
  expect(await page.evaluate(() => window.focused()?.id)).toBe('first');
});

test('Escape, also twice, does not close a message that does not allow it', async ({ visit, standIn }) => {
  await standIn.setMessages('u1', [message()]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  for (let times = 0; times < 3; times++) await page.keyboard.press('Escape');
  await page.mouse.click(10, 10);
  await passMarker(page, standIn);
  expect(await heard(page)).toEqual(['shown gist-html-q1']);
  await expect(page.getByRole('dialog')).toBeVisible();
  expect(await page.evaluate(() => window.messageFrames()[0]?.closest('dialog')?.open)).toBe(true);
});

test('a click beside the message closes it where it is allowed, after a second', async ({
  visit,
  page,
  standIn,
}) => {
  await page.clock.install();
  await standIn.setMessages('u1', [message({ gist: { exitClick: true } })]);
  await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  await page.clock.fastForward(1_000);
  await page.mouse.click(10, 10);
  await untilHeard(page, 'dismissed gist-html-q1');
});

for (const [reducedMotion, expected] of [
  ['no-preference', '0.3s'],
  ['reduce', '0s'],
] as const)
  test(`motion: ${reducedMotion}`, async ({ visit, page, standIn }) => {
    await page.emulateMedia({ reducedMotion });
    await standIn.setMessages('u1', [message()]);
    await visit({ as: 'u1' });
    await untilShown(page, 'q1');
    const durations = await page.evaluate(() => {
      const [frame] = window.messageFrames();
      const dialog = frame?.closest('dialog');
      return [dialog, frame].map((each) => each && getComputedStyle(each).transitionDuration);
    });
    expect(durations[0]).toBe(expected);
    if (expected === '0s') expect(durations[1]).toBe('0s');
    await messageIn(page).getByRole('button', { name: 'Close' }).click();
    await untilHeard(page, 'dismissed gist-html-q1');
    if (expected === '0s') expect(await frameCount(page)).toBe(0);
    await expect.poll(() => frameCount(page)).toBe(0);
  });
