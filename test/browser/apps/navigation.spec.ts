/** Apps of four frameworks with the documentation's recipes, built and served by the frameworks' own commands. */
import { APP_NAMES, type AppName, startApp } from '../../support/build/apps.ts';
import { expect, test } from '../../support/site/fixtures.ts';
import { nameOf } from '../../support/site/stand-in.ts';

/** The servers of these frameworks import the recipe, too. */
const RENDERED_BY_SERVER: ReadonlySet<AppName> = new Set(['next', 'sveltekit']);

for (const name of APP_NAMES) {
  test(`${name}: each page is one page view, with its title, path and referrer`, async ({
    page,
    site,
    standIn,
  }) => {
    const server = await startApp(name);
    try {
      await site.change({ app: server.origin });
      if (RENDERED_BY_SERVER.has(name)) {
        expect(await (await fetch(`${site.origin}/boots`)).text()).toContain('<h1>Boots</h1>');
        expect(await site.batches()).toEqual([]);
      }
      await page.goto(`${site.origin}/`);
      // By then the framework has hydrated the page that its server has rendered.
      await expect.poll(async () => (await standIn.events()).length).toBe(1);
      for (const title of ['Boots', 'Tents', 'Cart']) {
        await page.getByRole('link', { name: title }).click();
        await expect(page).toHaveTitle(title);
      }
      await page.getByRole('button').click();
      await page.goBack();
      await expect(page).toHaveTitle('Tents');
      await expect.poll(async () => (await standIn.events()).length).toBe(6);
      // Waiting page views are sent when the page is left.
      await page.goto(`${site.origin}/boots`);
      await expect.poll(async () => (await standIn.events()).at(-1)?.context.page['title']).toBe('Boots');
      const views = (await standIn.events())
        .filter(({ type }) => type === 'page')
        .map(({ properties, context }) => [
          properties?.['title'],
          properties?.['path'],
          context.page['referrer'],
        ]);
      expect(views).toEqual([
        ['Home', '/', ''],
        ['Boots', '/boots', `${site.origin}/`],
        ['Tents', '/tents', `${site.origin}/boots`],
        ['Cart', '/cart', `${site.origin}/tents`],
        ['Tents', '/tents', `${site.origin}/cart`],
        ['Boots', '/boots', ''],
      ]);
      const bought = (await standIn.events()).filter(({ type }) => type === 'track');
      expect(bought.map((event) => [nameOf(event), event.context.page['path']])).toEqual([
        ['Bought', '/cart'],
      ]);
    } finally {
      await server.stop();
    }
  });
}
