import type { PageFacts } from '../browser.ts';

/**
 * A call that waits for the script: `[method, ...args]`, as Customer.io's own snippet keeps it. Ours adds when and where it
 * was made. A snippet stands in its page for years, so these names stay.
 */
export interface QueuedCall extends ReadonlyArray<unknown> {
  readonly made?: {
    /** Milliseconds since the epoch. */
    readonly at: number;
    readonly page: Pick<PageFacts, 'href' | 'path' | 'search' | 'title'>;
  };
  /** Gets what the call has answered. */
  readonly done?: (answer: unknown) => void;
}
