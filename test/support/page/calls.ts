/** Makes many calls of the SDK in a page at once. */
import type { Page } from 'playwright';

/** Makes the calls in one task, and waits for nothing. `bytes`: the size of the filling in each call. */
export const trackAll = (page: Page, names: readonly string[], bytes = 0): Promise<void> =>
  page.evaluate(
    ([all, size]) => {
      for (const name of all) void window.analytics.track(name, { filler: 'x'.repeat(size) });
    },
    [names, bytes] as const,
  );

/** Makes the calls in one task, and waits until all are stored. Returns their ids. */
export async function trackStored(page: Page, names: readonly string[]): Promise<readonly string[]> {
  const receipts = await page.evaluate(
    (all) => Promise.all(all.map((name) => window.analytics.track(name))),
    names,
  );
  const unsafe = receipts.filter(({ state }) => state !== 'stored');
  if (unsafe.length) throw new Error(`Not stored: ${JSON.stringify(unsafe)}`);
  return receipts.map(({ id }) => id);
}

/**
 * What the SDK has reported about events, recorded outside of the page: the record stays when the page is
 * killed.
 */
export interface Receipts {
  /** The names of the events that are stored. */
  readonly stored: ReadonlySet<string>;
  /** When the SDK reported each id as delivered, in milliseconds since the epoch. */
  readonly delivered: ReadonlyMap<string, number>;
  watch(page: Page): Promise<void>;
  /** Makes the calls in one task, and waits for nothing. */
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
