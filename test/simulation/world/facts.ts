import type { PageFacts } from '../../../src/sdk/browser.ts';

/** The page that a visitor sees in this tab. */
export const facts = (path: string): PageFacts => ({
  href: `https://shop.example.com${path}`,
  path,
  search: '',
  title: `Page ${path}`,
  referrer: '',
  canonical: undefined,
  declared: undefined,
  userAgent: 'Browser/1',
  locale: 'en',
});
