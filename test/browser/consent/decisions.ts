import type { Page } from 'playwright';
import type { ConsentDecision, ConsentSource } from '../../../src/sdk/consent/source.ts';

declare global {
  interface Window {
    decisions: ConsentDecision[];
    source: ConsentSource;
    stopSource: () => void;
  }
}

/** The decisions that the source of this page has reported. */
export const states = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => window.decisions.map(({ state }) => state));

/** The current decision of the source. */
export const decision = (page: Page): Promise<ConsentDecision | null> =>
  page.evaluate(() => window.source.get() ?? null);
