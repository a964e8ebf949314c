/** People sign in at the demo's shop, read their messages, and sign out. */
import {
  ADA,
  badgeOf,
  BEN,
  expect,
  expectAll,
  messagesOf,
  openAccount,
  signIn,
  signOut,
  test,
  unreadOf,
  WELCOME,
} from '../support/site/demo.ts';

test('somebody signs in, reads their messages, deletes one and chooses topics; a reload shows the same', async ({
  demo,
  page,
}) => {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  await openAccount(page, demo);
  await expect(badgeOf(page)).toBeHidden();
  await signIn(page, ADA);
  await expect(page.getByRole('heading', { name: ADA.name })).toBeFocused();
  await expectAll(page, WELCOME.ada);
  await expect(unreadOf(page)).toHaveCount(2);
  await expect(badgeOf(page)).toHaveText('2 unread messages');
  await expect(page.locator('#inbox time')).toHaveText(['2 minutes ago', 'yesterday', 'last week']);

  await page.getByRole('button', { name: 'Mark as read: Welcome' }).click();
  await expect(unreadOf(page)).toHaveCount(1);
  await expect(badgeOf(page)).toHaveText('1 unread message');
  await expect(page.getByRole('button', { name: 'Delete: Welcome' })).toBeFocused();
  await expect(page.locator('#inbox [role=status]')).toHaveText('Marked as read: Welcome to the valley, Ada');

  await page.getByRole('button', { name: 'Delete: Welcome' }).click();
  await expect(page.getByRole('button', { name: 'Delete: The light' })).toBeFocused();
  await expect(page.locator('#inbox [role=status]')).toHaveText('Deleted: Welcome to the valley, Ada');

  const notes = page.getByRole('checkbox', { name: 'Trail notes' });
  await expect(notes).not.toBeChecked();
  await notes.check();
  await expect(page.getByText('You will hear of it: Trail notes')).toBeVisible();

  await page.reload();
  await expectAll(page, WELCOME.ada.slice(1));
  await expect(notes).toBeChecked();
  await page.goto(demo.origin);
  await expect(badgeOf(page)).toHaveText('1 unread message');
  expect(errors).toEqual([]);
});

test('who signs out is gone in the same tick, and whoever is next sees only what is theirs', async ({
  demo,
  page,
}) => {
  await page.goto(`${demo.origin}/products/lee`);
  await page.getByRole('button', { name: 'Add to cart' }).click();
  await openAccount(page, demo);
  await signIn(page, ADA);
  await expectAll(page, WELCOME.ada);
  await expect(page.locator('[data-cart-count]')).toHaveText('1 item');
  await page.goto(`${demo.origin}/checkout`);
  await page.locator('#checkout').evaluate((form: HTMLFormElement) => {
    for (const field of form.querySelectorAll('input')) field.value ||= '12345';
  });
  await page.getByRole('button', { name: 'Place order' }).click();
  await page.waitForURL('**/thanks*');
  await page.goto(`${demo.origin}/products/glim`);
  await page.getByRole('button', { name: 'Add to cart' }).click();
  await openAccount(page, demo);
  await expectAll(page, WELCOME.ada);
  await expect(page.locator('#orders li')).toHaveCount(1);

  const left = await page.evaluate(() => {
    document.getElementById('sign-out')?.click();
    const shown = [...document.querySelectorAll('#inbox li, #topics label, #orders li')];
    const badges = [...document.querySelectorAll<HTMLElement>('.counted .count')];
    return [shown.length, badges.every(({ hidden }) => hidden), document.body.innerText.includes('Ada')];
  });
  expect(left).toEqual([0, true, false]);
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeFocused();

  await signIn(page, BEN);
  await expectAll(page, WELCOME.ben);
  await expect(page.locator('#orders li')).toHaveCount(0);
  await expect(page.locator('[data-cart-count]')).toBeHidden();
  expect(await page.locator('main').innerText()).not.toContain('Ada');

  await signOut(page);
  expect(await page.locator('#sign-in').evaluate((form: HTMLFormElement) => [...new FormData(form).values()]))
    // As it comes: nothing of what Ben has typed.
    .toEqual([ADA.name, ADA.email, ADA.season]);
  await signIn(page, ADA);
  await expectAll(page, WELCOME.ada);
  await expect(page.locator('#orders li')).toHaveCount(1);
  await expect(page.locator('[data-cart-count]')).toHaveText('1 item');
});

test('what one tab does is so in the other: nobody, and then somebody else', async ({
  context,
  demo,
  page,
}) => {
  const other = await context.newPage();
  await openAccount(other, demo);
  await openAccount(page, demo);
  await signIn(page, ADA);
  for (const tab of [page, other]) await expectAll(tab, WELCOME.ada);
  await signOut(other);
  await expect(messagesOf(page)).toHaveCount(0);
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(badgeOf(page)).toBeHidden();
  await signIn(page, BEN);
  for (const tab of [page, other]) await expectAll(tab, WELCOME.ben);
});

test('a checkout that is open when somebody signs out in another tab keeps neither their name nor their cart', async ({
  context,
  demo,
  page,
}) => {
  await openAccount(page, demo);
  await signIn(page, BEN);
  await page.goto(`${demo.origin}/products/lee`);
  await page.getByRole('button', { name: 'Add to cart' }).click();
  await page.goto(`${demo.origin}/checkout`);
  await expect(page.getByLabel('Email')).toHaveValue(BEN.email);
  const other = await context.newPage();
  await openAccount(other, demo);
  await signOut(other);
  await page.waitForURL('**/cart');
  await expect(page.getByText('There is nothing in your cart yet.')).toBeVisible();
});

test('the way back leads to nothing of who has signed out', async ({ demo, page }) => {
  await openAccount(page, demo);
  await signIn(page, ADA);
  await expectAll(page, WELCOME.ada);
  await page.getByRole('link', { name: 'All gear' }).first().click();
  await page.waitForURL('**/products');
  const second = await page.context().newPage();
  await openAccount(second, demo);
  await signOut(second);
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(messagesOf(page)).toHaveCount(0);
});

test('a session that the server has ended signs the shop out', async ({ context, demo, page }) => {
  await openAccount(page, demo);
  await signIn(page, ADA);
  await expectAll(page, WELCOME.ada);
  await context.clearCookies({ name: 'tarn_session' });
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(messagesOf(page)).toHaveCount(0);
});

test('a person is told in words when the server does not sign them in', async ({ demo, page }) => {
  await openAccount(page, demo);
  await page.route('**/account/session', (route) => route.abort());
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toHaveText('The shop’s server does not answer. Is the network on?');
  await page.unroute('**/account/session');
  await signIn(page, ADA);
  await expectAll(page, WELCOME.ada);
});
