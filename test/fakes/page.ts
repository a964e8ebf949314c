import type { PageFacts } from '../../src/sdk/browser.ts';

/** What a call keeps of the page that it was made on. */
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
