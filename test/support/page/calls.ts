/** Calls in a page, many at once. */
import type { Page } from 'playwright';

/** Makes them in one task, and waits for nothing. `bytes`: of filling in each. */
export const trackAll = (page: Page, names: readonly string[], bytes = 0): Promise<void> =>
  page.evaluate(
    ([all, size]) => {
      for (const name of all) void window.analytics.track(name, { filler: 'x'.repeat(size) });
    },
    [names, bytes] as const,
  );

/** Makes them in one task, and waits until all are stored. Answers their ids. */
export async function trackStored(page: Page, names: readonly string[]): Promise<readonly string[]> {
  const receipts = await page.evaluate(
    (all) => Promise.all(all.map((name) => window.analytics.track(name))),
    names,
  );
  const unsafe = receipts.filter(({ state }) => state !== 'stored');
  if (unsafe.length) throw new Error(`Not stored: ${JSON.stringify(unsafe)}`);
  return receipts.map(({ id }) => id);
}

/** What pages have told of events, noted outside of them: a page that is killed later cannot take it back. */
export interface Receipts {
  /** Names of events that are stored. */
  readonly stored: ReadonlySet<string>;
  /** When each id was told as delivered, in milliseconds since the epoch. */
  readonly delivered: ReadonlyMap<string, number>;
  watch(page: Page): Promise<void>;
  /** Makes them in one task, and waits for nothing. */
  track(page: Page, names: readonly string[]): Promise<void>;
}

interface Notes {
  noteStored(name: string): void;
  noteDelivered(ids: readonly string[], at: number): void;
}

export function createReceipts(): Receipts {
  const stored = new Set<string>();
  const delivered = new Map<string, number>();
  return {
    stored,
    delivered,
    async watch(page) {
      const notes: Notes = {
        noteStored: (name) => void stored.add(name),
        noteDelivered(ids, at) {
          for (const id of ids) delivered.set(id, at);
        },
      };
      for (const [name, note] of Object.entries(notes)) await page.exposeFunction(name, note);
      await page.evaluate(() => {
        const { noteDelivered } = window as unknown as Notes;
        window.analytics.on('delivered', ({ ids }) => noteDelivered(ids, Date.now()));
      });
    },
    track: (page, names) =>
      page.evaluate((all) => {
        const { noteStored } = window as unknown as Notes;
        for (const name of all) {
          void window.analytics.track(name).then(({ state }) => {
            if (state === 'stored') noteStored(name);
          });
        }
      }, names),
  };
}
