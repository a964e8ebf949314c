/**
 * The documentation's recipes for identity providers, unchanged, each with its library in the page and a provider
 * that responds to it.
 */
import { expect, type Page } from 'playwright/test';
import { test } from '../support/browser/internet.ts';
import { type Recipe, RECIPES } from '../support/openid/openid-recipes.ts';
import { openShop, type Shop } from '../support/openid/openid-shop.ts';

const attributes = (page: Page): Promise<unknown> =>
  page.evaluate('analytics.customer.attributes().catch(({ code }) => code)');

async function visit(page: Page, shop: Shop, recipe: Recipe): Promise<void> {
  await page.goto(`${shop.origin}/`);
  await page.waitForFunction(`window.${recipe.client} && window.analytics`);
}

async function signIn(page: Page, shop: Shop, recipe: Recipe, name: string): Promise<void> {
  await visit(page, shop, recipe);
  await page.evaluate(`void (${recipe.signIn(name)})`);
  if (recipe.redirects) {
    await page.locator('[name=login]').fill(name);
    await page.locator('[name=password]').fill('any');
    await page.locator('[type=submit]').click();
    await page.locator('[type=submit]').click(); // the shop must know who has signed in
  }
  await page.waitForURL('**/signed-in*');
  await page.waitForFunction('window.analytics?.user().id()');
}

async function signOut(page: Page, shop: Shop, recipe: Recipe): Promise<void> {
  await page.evaluate(`void ${recipe.signOut}`);
  if (recipe.redirects) {
    await page.locator('[name=logout]').click();
    await page.waitForURL('**/success*');
  }
  await visit(page, shop, recipe);
}

for (const recipe of RECIPES) {
  test.describe(recipe.library, () => {
    const ann = recipe.userId('ann');

    test('a person who has signed in sees their own attributes, also with a refreshed token', async ({
      page,
      internet,
    }) => {
      const shop = await openShop(recipe, internet);
      try {
        await signIn(page, shop, recipe, 'ann');
        expect(await attributes(page)).toEqual({ name: `Attributes of ${ann}` });
        expect(await page.evaluate('analytics.customerTokenStatus()')).toMatchObject({
          state: 'usable',
          userId: ann,
          subject: ann,
        });
        const issued = shop.issuer.issued();
        expect(await page.evaluate('analytics.refreshCustomerToken()')).toMatchObject({ state: 'usable' });
        expect(shop.issuer.issued()).toBe(issued + 1);
        expect(await attributes(page)).toEqual({ name: `Attributes of ${ann}` });
        expect(shop.asked).toEqual([ann, ann]);
        expect(shop.tokens.size).toBe(2);
      } finally {
        await shop.close();
      }
    });

    if (recipe.outlivesPage)
      test('a person who has signed in sees them on another page, too', async ({ page, internet }) => {
        const shop = await openShop(recipe, internet);
        try {
          await signIn(page, shop, recipe, 'ann');
          await visit(page, shop, recipe);
          expect(await attributes(page)).toEqual({ name: `Attributes of ${ann}` });
        } finally {
          await shop.close();
        }
      });

    test('a person who has signed out gets no data', async ({ page, internet }) => {
      const shop = await openShop(recipe, internet);
      try {
        await signIn(page, shop, recipe, 'ann');
        expect(await attributes(page)).toEqual({ name: `Attributes of ${ann}` });
        await signOut(page, shop, recipe);
        expect(await page.evaluate('analytics.user().id()')).toBe(ann);
        expect(await attributes(page)).toBe('token-unavailable');
        expect(shop.asked).toEqual([ann]);
      } finally {
        await shop.close();
      }
    });

    test('the id of another person gives no access to their data', async ({ page, internet }) => {
      const shop = await openShop(recipe, internet);
      try {
        await signIn(page, shop, recipe, 'eve');
        await page.evaluate(`analytics.identify(${JSON.stringify(ann)})`);
        expect(await attributes(page)).toBe('token-unavailable');
        expect(shop.asked).toEqual([]);
      } finally {
        await shop.close();
      }
    });

    test('a token for another audience is refused', async ({ page, internet }) => {
      const shop = await openShop(recipe, internet, { audience: 'another' });
      try {
        await signIn(page, shop, recipe, 'ann');
        const refusal = page.waitForResponse((response) => response.status() === 401);
        expect(await attributes(page)).toBe('token-rejected');
        expect(await (await refusal).json()).toMatchObject({ reason: 'audience' });
        expect(shop.asked).toEqual([]);
      } finally {
        await shop.close();
      }
    });
  });
}
