/** People who sign in at the demo's shop, and what its console shows of their tokens. */
import { keptBy } from '../support/page/kept.ts';
import type { Page } from 'playwright';
import {
  ADA,
  badgeOf,
  BEN,
  cell,
  type Demo,
  expect,
  messagesOf,
  rowOf,
  signIn,
  signOut,
  test,
  unreadOf,
  WELCOME,
} from '../support/site/demo.ts';

const titles = (all: readonly string[]): RegExp[] => all.map((title) => new RegExp(`${title}$`));

async function openAccount(page: Page, demo: Demo): Promise<void> {
  await page.goto(`${demo.origin}/account`);
}

async function openConsole(page: Page, demo: Demo): Promise<Page> {
  const console = await page.context().newPage();
  await console.goto(`${demo.origin}/console`);
  return console;
}

/** Messages and topics are there. */
async function expectAll(page: Page, all: readonly string[]): Promise<void> {
  await expect(messagesOf(page)).toHaveText(titles(all), { timeout: 30_000 });
  await expect(page.getByRole('checkbox')).toHaveCount(3, { timeout: 30_000 });
}

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

test('the console shows a token issued, running down and renewed ahead of time', async ({ demo, page }) => {
  const console = await openConsole(page, demo);
  await expect(console.getByText('Nobody has signed in yet')).toBeVisible();
  await console.getByRole('radio', { name: '15 s' }).check();
  await openAccount(page, demo);
  await signIn(page, ADA);
  await expectAll(page, WELCOME.ada);
  const row = rowOf(console, ADA);
  await expect(cell(row, 'Token')).toHaveText(/good for 1[0-5] s/);
  await expect(cell(row, 'Issued')).toHaveText('1');
  await expect(cell(row, 'Token')).toHaveText(/good for [5-9] s/);
  await expect(cell(row, 'Renewed ahead')).toHaveText('1', { timeout: 15_000 });
  await expect(cell(row, 'Token')).toHaveText(/good for 1[0-5] s/);
  await expect(cell(row, 'Proxy refused')).toHaveText('0');
  await expect(cell(row, 'Breaker')).toHaveText('closed');
  await expect(console.locator('#token-steps')).toContainText('Ada Fell: a token was renewed ahead of time');
  await signOut(page);
  await expect(cell(row, 'Token')).toHaveText('none: signed out');
});

for (const { chip, shop, label, tells } of [
  { chip: 'failing', shop: 'The login does not work.', label: 'Login failed', tells: /\d an error/ },
  { chip: 'null', shop: 'The login gave no token.', label: 'Login failed', tells: /\d no token/ },
  { chip: 'slow', shop: 'The login takes too long.', label: 'Login failed', tells: /\d no answer in time/ },
  {
    chip: 'wrong subject',
    shop: 'somebody else’s token',
    label: 'Login failed',
    tells: /\d somebody else’s/,
  },
  { chip: 'expired tokens', shop: 'cannot be fetched', label: 'Proxy refused', tells: /\d expired/ },
  { chip: 'forged tokens', shop: 'cannot be fetched', label: 'Proxy refused', tells: /\d signature/ },
]) {
  test(`the switch "${chip}": seen in the shop and in the console, and over when it is switched back`, async ({
    demo,
    page,
  }) => {
    test.setTimeout(60_000);
    const console = await openConsole(page, demo);
    const login = console.getByRole('group', { name: 'Login' });
    await login.getByRole('radio', { name: chip }).check();
    await openAccount(page, demo);
    await signIn(page, ADA);
    await expect(page.locator('#inbox [data-trouble]')).toContainText(shop);
    await expect(messagesOf(page)).toHaveCount(0);
    await expect(cell(rowOf(console, ADA), label)).toHaveText(tells);
    await login.getByRole('radio', { name: 'works' }).check();
    await expectAll(page, WELCOME.ada);
    await expect(page.locator('#inbox [data-trouble]')).toBeHidden();
    await expect(cell(rowOf(console, ADA), 'Token')).toHaveText(/good for/);
  });
}

test('a proxy that refuses every token is left alone: the breaker opens, and closes in its time', async ({
  demo,
  page,
}) => {
  test.setTimeout(90_000);
  const console = await openConsole(page, demo);
  await openAccount(page, demo);
  await signIn(page, ADA);
  await expectAll(page, WELCOME.ada);
  await demo.faults({ login: 'wrong-key' });
  await page.bringToFront();
  await page.reload();
  const row = rowOf(console, ADA);
  const again = page.getByRole('button', { name: 'Try again' });
  await expect(async () => {
    await again.click({ timeout: 1_000 });
    await expect(cell(row, 'Breaker')).toHaveText(/open, \d+ s/, { timeout: 1_000 });
  }).toPass();
  await expect(page.locator('#inbox [data-trouble]')).toContainText('left alone for a while');
  await expect(console.locator('#token-steps')).toContainText('the breaker opened');
  await demo.faults({ login: 'fine' });
  await expect(cell(row, 'Breaker')).toHaveText('closed', { timeout: 30_000 });
  await expectAll(page, WELCOME.ada);
});

test('a login that fails while messages are shown takes none of them away, and is asked when one is changed', async ({
  demo,
  page,
}) => {
  await demo.faults({ tokenSeconds: 5 });
  await openAccount(page, demo);
  await signIn(page, ADA);
  await expectAll(page, WELCOME.ada);
  await demo.faults({ login: 'failing' });
  await expect
    .poll(() => page.evaluate(() => window.cioanalytics.customerTokenStatus().state), { timeout: 15_000 })
    .toMatch(/backoff|expired/);
  await page.getByRole('button', { name: 'Delete: Welcome' }).click();
  await expect(page.locator('#inbox [data-trouble]')).toContainText('That was not deleted.');
  await demo.faults({ login: 'fine' });
  await page.getByRole('button', { name: 'Try again' }).click();
  await expectAll(page, WELCOME.ada);
});

for (const clockHours of [-3, 3]) {
  test(`a server whose clock is ${clockHours} hours off: everything goes on, for pages that are open and new ones`, async ({
    demo,
    page,
  }) => {
    await demo.faults({ tokenSeconds: 5 });
    const console = await openConsole(page, demo);
    await openAccount(page, demo);
    await signIn(page, ADA);
    await expectAll(page, WELCOME.ada);
    const clock = console.getByRole('group', { name: 'Server’s clock' });
    await clock.getByRole('radio', { name: clockHours < 0 ? '3 h behind' : '3 h ahead' }).check();
    await expect(cell(rowOf(console, ADA), 'Renewed ahead')).not.toHaveText('0');
    await page.getByRole('button', { name: 'Mark as read: Welcome' }).click();
    await expect(badgeOf(page)).toHaveText('1 unread message');
    await page.reload();
    await expectAll(page, WELCOME.ada);
    await clock.getByRole('radio', { name: 'right' }).check();
    await page.getByRole('button', { name: 'Delete: Welcome' }).click();
    await expect(page.locator('#inbox [role=status]')).toHaveText('Deleted: Welcome to the valley, Ada');
    await page.reload();
    await expectAll(page, WELCOME.ada.slice(1));
  });
}

test('no text of a token is anywhere that it could be read', async ({ demo, page }) => {
  const console = await openConsole(page, demo);
  const seen: string[] = [];
  for (const tab of [page, console]) tab.on('console', (message) => seen.push(message.text()));
  const tokens: string[] = [];
  page.on('request', (request) => {
    const { authorization = '' } = request.headers();
    if (authorization.startsWith('Bearer ')) tokens.push(authorization);
    seen.push(request.url());
  });
  await openAccount(page, demo);
  await signIn(page, ADA);
  await expectAll(page, WELCOME.ada);
  for (const login of ['wrong-key', 'expired', 'wrong-subject', 'failing', 'fine']) {
    await demo.faults({ login });
    await page.evaluate(async () => {
      await window.cioanalytics.refreshCustomerToken();
      await window.cioanalytics.inbox.messages().catch(() => {});
    });
  }
  expect(tokens.length).toBeGreaterThan(2);
  expect(tokens.every((token) => token.startsWith('Bearer eyJ'))).toBe(true);
  const stored = await keptBy(page);
  const stream = await console.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const source = new EventSource('/console/stream');
        source.addEventListener('snapshot', ({ data }) => {
          source.close();
          resolve(String(data));
        });
      }),
  );
  expect(stored).toContain('demo:tokens');
  expect(stream).toContain('"tokens"');
  const everywhere = [...seen, stored, stream, demo.log(), await console.content(), await page.content()];
  expect(everywhere.filter((text) => text.includes('eyJ'))).toEqual([]);
});
