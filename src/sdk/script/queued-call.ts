import type { PageFacts } from '../browser.ts';

/**
 * A call that waits for the script: `[method, ...args]`, the form of Customer.io's own snippet. The stub of this package adds time
 * and page of the call. Pages keep their snippet for years, so these names must not change.
 */
export interface QueuedCall extends ReadonlyArray<unknown> {
  readonly made?: {
    /** Milliseconds since the epoch. */
    readonly at: number;
    readonly page: Pick<PageFacts, 'href' | 'path' | 'search' | 'title'>;
  };
  /** Gets the result of the call, when the script has made it. */
  readonly done?: (answer: unknown) => void;
}
