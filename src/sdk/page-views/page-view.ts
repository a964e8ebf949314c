import type { PageFacts } from '../browser.ts';

/** A view of one page, noted when the page got its URL. */
export interface PageView {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Title and canonical URL are filled in later: frameworks set both after the URL. */
  page: PageFacts;
}
