/** The messages of the demo's shop, from the visitor's and from the console's side. */
import type { FrameLocator, Locator, Page } from 'playwright';
import { ADA, type Demo, expect, openAccount, openConsole, signIn, test } from '../support/site/demo.ts';

const OFFER = 'Glim, with your initials';
const TENTS = 'Forty tents, and then none until May';
const TRAIL_NOTES = 'One walk a month, with a map';
const DELIVERY = 'Delivery is free from €100';
const STREAM = /\/e\/v1\/messages\/stream/;

/** The frames of messages are inside shadow roots, which Playwright's locators look into. */
const frames = (page: Page): Locator => page.locator('iframe[src*="/e/v1/frame/"]');
const messageOf = (page: Page, title: string): FrameLocator =>
  page.frameLocator(`iframe[src*="/e/v1/frame/"][title="${title}"]`);
const heading = (page: Page, title: string): Locator =>
  messageOf(page, title).getByRole('heading', { name: title });
const button = (page: Page, title: string, name: string): Locator =>
  messageOf(page, title).getByRole('button', { name });

/** The row of a message in the console. */
const rowOf = (console: Page, title: string): Locator =>
  console.locator('.message-lives tbody tr').filter({ hasText: title });
const cellOf = (console: Page, title: string, label: string): Locator =>
  rowOf(console, title).locator(`[data-label="${label}"]`);

async function putIntoCart(page: Page, demo: Demo): Promise<void> {
  await page.goto(`${demo.origin}/products/lee`);
  await page.getByRole('button', { name: 'Add to cart' }).click();
}

/** Fails the test where the page breaks its own policy, or throws. */
function watch(page: Page): string[] {
  const mistakes: string[] = [];
  page.on('pageerror', (error) => mistakes.push(String(error)));
  page.on('console', (message) => {
    if (/Content Security Policy|TrustedHTML|cio-first-party/.test(message.text()))
      mistakes.push(message.text());
  });
  return mistakes;
}

test('a visitor sees the broadcast until it is closed; who signs in gets the offer instead', async ({
  demo,
  page,
}) => {
  const mistakes = watch(page);
  const console = await openConsole(page, demo);
  await page.goto(demo.origin);
  await expect(heading(page, TRAIL_NOTES)).toBeVisible();
  await expect(frames(page)).toHaveCount(1);
  await button(page, TRAIL_NOTES, 'Sign in').click();
  await page.waitForURL('**/account');
  await expect(cellOf(console, TRAIL_NOTES, 'Shown')).toHaveAttribute('data-state', 'done');
  await expect(cellOf(console, TRAIL_NOTES, 'Clicked')).toContainText('sign-in');

  await expect(heading(page, TRAIL_NOTES)).toBeVisible();
  await signIn(page, ADA);
  await expect(frames(page)).toHaveCount(0);
  await page.getByRole('link', { name: 'All gear' }).first().click();
  await expect(heading(page, OFFER)).toBeVisible();
  await expect(frames(page)).toHaveCount(1);
  await expect(cellOf(console, OFFER, 'Shown')).toContainText('seen');
  await expect(cellOf(console, OFFER, 'Opened')).toHaveAttribute('data-state', 'done');
  await expect(cellOf(console, OFFER, 'Clicked')).toHaveText('–');

  await button(page, OFFER, 'See Glim').click();
  await page.waitForURL('**/products/glim');
  await expect(cellOf(console, OFFER, 'Clicked')).toContainText('see-product');
  await page.goto(demo.origin);
  await expect(page.locator('[data-unread-count]')).toHaveText('2 unread messages');
  await expect(frames(page)).toHaveCount(0);
  expect(mistakes).toEqual([]);
});

test('a visitor who closes the broadcast does not see it again', async ({ demo, page }) => {
  const console = await openConsole(page, demo);
  await page.goto(demo.origin);
  await button(page, TRAIL_NOTES, 'Not now').click();
  await expect(frames(page)).toHaveCount(0);
  await expect(cellOf(console, TRAIL_NOTES, 'Closed')).toHaveAttribute('data-state', 'done');
  const fetched = page.waitForResponse('**/e/v1/messages/fetch');
  await page.reload();
  await fetched;
  await page.waitForTimeout(1_000);
  await expect(frames(page)).toHaveCount(0);
});

test('the banner is in the cart only, and the checkout shows nothing, also of what is queued meanwhile', async ({
  demo,
  page,
}) => {
  const mistakes = watch(page);
  await openAccount(page, demo);
  await signIn(page, ADA);
  await putIntoCart(page, demo);
  await expect(frames(page)).toHaveCount(0);
  await page.goto(`${demo.origin}/cart`);
  await expect(heading(page, DELIVERY)).toBeVisible();
  await expect(page.locator('#cart-banner iframe')).toHaveCount(1);

  const streamed = page.waitForResponse(STREAM);
  await page.getByRole('link', { name: 'Check out' }).click();
  await page.waitForURL('**/checkout');
  await streamed;
  await expect(page.getByRole('heading', { name: 'Your order' })).toBeVisible();
  const console = await openConsole(page, demo);
  await console.getByRole('button', { name: 'Modal' }).click();
  await expect(cellOf(console, TENTS, 'Queued')).toContainText('pushed to 1 page');
  await console.close();
  await page.waitForTimeout(2_000);
  await expect(frames(page)).toHaveCount(0);

  await page.goto(`${demo.origin}/cart`);
  await expect(heading(page, TENTS)).toBeVisible();
  await button(page, TENTS, 'Not now').click();
  await button(page, DELIVERY, 'Close').click();
  await expect(frames(page)).toHaveCount(0);
  await page.reload();
  await expect(page.locator('[data-unread-count]')).toHaveText('2 unread messages');
  await expect(frames(page)).toHaveCount(0);
  expect(mistakes).toEqual([]);
});

test('a message from the console is shown at once; one of a silent renderer fails within 6 s, and the shop goes on', async ({
  demo,
  page,
}) => {
  const mistakes = watch(page);
  await openAccount(page, demo);
  const streamed = page.waitForResponse(STREAM);
  await signIn(page, ADA);
  await streamed;
  const console = await openConsole(page, demo);
  await page.bringToFront();
  await console.getByRole('button', { name: 'Modal' }).click();
  await expect(cellOf(console, TENTS, 'Queued')).toContainText('pushed to 1 page');
  await expect(heading(page, TENTS)).toBeVisible({ timeout: 5_000 });
  await button(page, TENTS, 'Not now').click();
  await expect(cellOf(console, TENTS, 'Closed').first()).toHaveAttribute('data-state', 'done');

  await console.getByLabel('silent').check({ force: true });
  await expect.poll(() => console.getByLabel('silent').isChecked()).toBe(true);
  await console.getByRole('button', { name: 'Modal' }).click();
  const failed = cellOf(console, TENTS, 'Shown').first();
  await expect(frames(page)).toHaveCount(1);
  await expect(failed).toHaveAttribute('data-state', 'error', { timeout: 6_500 });
  await expect(frames(page)).toHaveCount(0);

  await page.getByRole('link', { name: 'All gear' }).first().click();
  await page.locator('main a[href^="/products/"]').first().click();
  await page.getByRole('button', { name: 'Add to cart' }).click();
  await expect.poll(demo.names).toContain('Product Added');
  expect(mistakes).toEqual([]);
});

test('the bell has the inbox on every page: topics, read and unread, delete', async ({ demo, page }) => {
  await openAccount(page, demo);
  await expect(page.locator('#bell')).toBeHidden();
  await signIn(page, ADA);
  await page.goto(`${demo.origin}/planner`);
  const bell = page.getByRole('button', { name: 'Messages 2 unread messages' });
  await bell.click();
  const inbox = page.getByRole('region', { name: 'Messages' });
  const titles = inbox.getByRole('heading', { level: 3 });
  await expect(titles).toHaveText([
    /Welcome to the valley, Ada$/,
    /The light goes early now$/,
    'Gear is mended, not replaced',
  ]);

  await inbox.getByRole('button', { name: 'Care' }).click();
  await expect(titles).toHaveText(['Gear is mended, not replaced']);
  await expect(inbox.getByRole('button', { name: 'Care' })).toBeFocused();
  await inbox.getByRole('button', { name: 'Mark as unread' }).click();
  await expect(page.locator('[data-unread-count]')).toHaveText('3 unread messages');
  await inbox.getByRole('button', { name: 'Mark as read' }).click();
  await expect(page.locator('[data-unread-count]')).toHaveText('2 unread messages');
  await inbox.getByRole('button', { name: 'Delete' }).click();
  await expect(titles).toHaveCount(2);

  await page.keyboard.press('Escape');
  await expect(inbox).toBeHidden();
  await expect(page.locator('#bell > button')).toBeFocused();
  await page.reload();
  await page.getByRole('button', { name: 'Messages 2 unread messages' }).click();
  await expect(titles).toHaveCount(2);
});
