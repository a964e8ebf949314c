/** Apps on their frameworks' development servers: mounted twice by StrictMode, and changed while they run. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright';
import { copyApp, startApp } from '../../support/build/apps.ts';
import { expect, test } from '../../support/site/fixtures.ts';
import { nameOf, type StandIn } from '../../support/site/stand-in.ts';

test.describe.configure({ timeout: 90_000 });

const told = async (standIn: StandIn): Promise<readonly string[]> =>
  (await standIn.events()).map((event) => `${nameOf(event)} ${event.context.page['title']}`);

const instances = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      (globalThis as unknown as Record<symbol, Map<string, unknown>>)[Symbol.for('cio-first-party')]?.size ??
      0,
  );

test('react-router: hot reloads, also of the file that creates the SDK, cause no second instance and no second event', async ({
  page,
  site,
  standIn,
}) => {
  const { folder, remove } = copyApp('react-router');
  const change = (file: string, to: (code: string) => string): void => {
    const target = path.join(folder, 'src', file);
    writeFileSync(target, to(readFileSync(target, 'utf8')));
  };
  // Without this line Vite would reload the whole page.
  change('analytics.ts', (code) => `${code}import.meta.hot.accept();\n`);
  const server = await startApp('react-router', 'dev', folder);
  try {
    await site.change({ app: server.origin });
    await page.goto(`${site.origin}/`);
    await expect(page.locator('body')).toHaveAttribute('data-mounts', '2');
    await page.evaluate(() => Object.assign(window, { isTheSame: true }));
    await page.getByRole('link', { name: 'Boots' }).click();
    await expect(page).toHaveTitle('Boots');

    change('goods.jsx', (code) => code.replace('>Buy<', '>Buy now<'));
    await expect(page.getByRole('button', { name: 'Buy now' })).toBeVisible();
    change('analytics.ts', (code) => `${code}document.body.dataset.isReloaded = '';\n`);
    await expect(page.locator('body')).toHaveAttribute('data-is-reloaded', '');
    await page.getByRole('button', { name: 'Buy now' }).click();
    await page.getByRole('link', { name: 'Tents' }).click();
    await expect(page).toHaveTitle('Tents');
    await expect.poll(() => told(standIn)).toContain('page Tents');

    expect(await page.evaluate(() => 'isTheSame' in window)).toBe(true);
    expect(await instances(page)).toBe(1);
    // Waiting page views are sent when the page is left.
    await page.goto(`${site.origin}/cart`);
    await expect.poll(async () => (await told(standIn)).at(-1)).toBe('page Cart');
    expect([...(await told(standIn))].sort()).toEqual([
      'Bought Boots',
      'page Boots',
      'page Cart',
      'page Home',
      'page Tents',
    ]);
  } finally {
    await server.stop();
    remove();
  }
});

test('next: StrictMode causes no second instance and no second event', async ({ page, site, standIn }) => {
  const server = await startApp('next', 'dev');
  try {
    await site.change({ app: server.origin });
    await page.goto(`${site.origin}/`);
    await expect(page.locator('body')).toHaveAttribute('data-mounts', '2');
    await page.getByRole('link', { name: 'Boots' }).click();
    await expect(page).toHaveTitle('Boots');
    await expect.poll(() => told(standIn)).toContain('page Boots');
    expect(await instances(page)).toBe(1);
    await page.goto(`${site.origin}/cart`);
    await expect.poll(async () => (await told(standIn)).at(-1)).toBe('page Cart');
    expect([...(await told(standIn))].sort()).toEqual(['page Boots', 'page Cart', 'page Home']);
  } finally {
    await server.stop();
  }
});
