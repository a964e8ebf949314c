import type { PageFacts } from '../../src/sdk/browser.ts';

/** The facts about the page that the SDK records at each call. */
export function pageFacts(path = '/'): PageFacts {
  return {
    href: `https://shop.example.com${path}`,
    path,
    search: '',
    title: `Page ${path}`,
    referrer: '',
    canonical: undefined,
    declared: undefined,
    userAgent: 'Browser/1',
    locale: 'en',
  };
}
