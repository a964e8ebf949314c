import type { Page } from 'playwright';
import type { ConsentDecision, ConsentSource } from '../../../src/sdk/consent/source.ts';

declare global {
  interface Window {
    decisions: ConsentDecision[];
    source: ConsentSource;
    stopSource: () => void;
  }
}

/** What the source of this page has told. */
export const states = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => window.decisions.map(({ state }) => state));

/** What it says now. */
export const decision = (page: Page): Promise<ConsentDecision | null> =>
  page.evaluate(() => window.source.get() ?? null);
