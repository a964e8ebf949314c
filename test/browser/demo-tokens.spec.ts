/** Customer tokens of people who have signed in at the demo's shop: how the shop and the console show them when the login fails. */
import { keptBy } from '../support/page/kept.ts';
import {
  ADA,
  badgeOf,
  cell,
  expect,
  expectAll,
  messagesOf,
  openAccount,
  openConsole,
  rowOf,
  signIn,
  signOut,
  test,
  WELCOME,
} from '../support/site/demo.ts';

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
    // The refusal that opens the breaker is told as a refusal. The next click is told that the proxy is left alone.
    await again.click({ timeout: 1_000 });
    await expect(page.locator('#inbox [data-trouble]')).toContainText('left alone for a while', {
      timeout: 1_000,
    });
  }).toPass();
  await expect(cell(row, 'Breaker')).toHaveText(/open, \d+ s/);
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
