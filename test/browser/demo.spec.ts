/** The demo, started by the command that its readers use. */
import { expect, test } from '../support/site/demo.ts';

test('events of a visitor of the shop arrive, also those from a time when the proxy was down', async ({
  demo,
  page,
}) => {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(demo.origin);
  await expect.poll(demo.names).toContain('Home');
  await demo.faults({ proxy: 'down' });
  await page.getByRole('navigation', { name: 'Shop' }).getByRole('link', { name: 'All gear' }).click();
  await page.locator('main a[href^="/products/"]').first().click();
  await page.waitForURL('**/products/*'); // and until its scripts have run
  await page.getByRole('button', { name: /add to cart/i }).click();
  const before = await demo.names();
  await demo.faults({ proxy: 'up' });
  await expect.poll(demo.names, { timeout: 20_000 }).toContain('Product Added');
  expect((await demo.names()).length).toBeGreaterThan(before.length);
  expect(errors).toEqual([]);
});

test('on a slow network, a click that comes before the script of the page is not lost', async ({
  demo,
  page,
}) => {
  await page.route('**/product.js', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await route.continue();
  });
  await page.goto(`${demo.origin}/products/lee`, { waitUntil: 'commit' });
  await page.getByRole('button', { name: 'Add to cart' }).click();
  await expect(page.getByText('Lee is in your cart')).toBeVisible();
  await expect.poll(demo.names).toContain('Product Added');
});
