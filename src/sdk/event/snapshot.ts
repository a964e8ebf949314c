import type { PageFacts } from '../browser.ts';

/**
 * Time and page of one call, taken when the application makes the call. The wrapped SDK reads the page when it delivers, so it
 * files an event that had to wait under the page to which the visitor has gone since.
 */
export interface Snapshot {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly page: PageFacts;
}
