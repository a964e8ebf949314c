/** Which page is at which address. */
import { CATEGORIES, type Category, findProduct } from '../catalogue.ts';
import { accountPage } from './account.ts';
import { cartPage, checkoutPage, thanksPage } from './buying.ts';
import type { Page, Services } from './layout.ts';
import { notFoundPage } from './not-found.ts';
import { plannerPage } from './planner.ts';
import { homePage, productPage, productsPage } from './products.ts';

const PAGES: Readonly<Record<string, (services: Services) => Page>> = {
  '/': homePage,
  '/cart': cartPage,
  '/checkout': checkoutPage,
  '/thanks': thanksPage,
  '/account': accountPage,
  '/planner': plannerPage,
  '/planner/party': plannerPage,
  '/planner/season': plannerPage,
  '/planner/list': plannerPage,
};

/** The shop's page at an address, with its status. */
export function pageAt(
  path: string,
  query: URLSearchParams,
  services: Services,
): { readonly status: number; readonly page: Page } {
  const found = find(path, query, services);
  return found === undefined ? { status: 404, page: notFoundPage() } : { status: 200, page: found };
}

function find(path: string, query: URLSearchParams, services: Services): Page | undefined {
  if (path === '/products') {
    const category = query.get('category');
    return productsPage(isCategory(category) ? category : undefined);
  }
  const slug = /^\/products\/([a-z]+)$/.exec(path)?.[1];
  const product = slug === undefined ? undefined : findProduct(slug);
  if (product !== undefined) return productPage(product);
  return Object.hasOwn(PAGES, path) ? PAGES[path]?.(services) : undefined;
}

function isCategory(value: string | null): value is Category {
  return value !== null && Object.hasOwn(CATEGORIES, value);
}
