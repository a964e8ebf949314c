/** Counts exactly which events have arrived at Customer.io. */
import type { Page } from 'playwright';
import { expect, type Site, stats } from './fixtures.ts';
import { addsUp } from '../page/in-page.ts';
import { watchRequests } from '../page/requests.ts';
import type { Account, StandIn } from './stand-in.ts';
import { passTime } from '../page/time.ts';

export const once = (count: number): Account => ({ delivered: count, lost: 0, duplicated: 0 });

/** The expected stats of a page; drop reasons that are missing here must be 0. */
export interface Balance {
  readonly tracked: number;
  readonly delivered: number;
  readonly pending?: number;
  readonly dropped?: Readonly<Record<string, number>>;
}

/** Waits until the stats of a page are exactly these. */
export async function expectStats(
  page: Page,
  { pending = 0, dropped = {}, ...rest }: Balance,
): Promise<void> {
  const reached = async (): Promise<object> => {
    const now = await stats(page);
    if (!addsUp(now)) throw new Error(`It does not add up: ${JSON.stringify(now)}`);
    const told = Object.entries(now.dropped).filter(([, count]) => count > 0);
    return { ...now, dropped: Object.fromEntries(told) };
  };
  await expect.poll(reached).toEqual({ ...rest, pending, dropped });
}

export interface Arrival {
  /** The names of all events of this test that must arrive. */
  readonly names: readonly string[];
  /** A page whose outbox must become empty, so that nothing can arrive after the count. */
  readonly page?: Page | undefined;
  /**
   * The page's fake time moves forward by this many milliseconds, again and again, until the first event
   * arrives.
   */
  readonly fastForwardMs?: number;
}

/** Longer than a page waits before it repeats events that another page's last request may have delivered. */
const LONGEST_MS = 20_000;

/** Waits until all events have arrived: each exactly once, by name and by `messageId`, and no other event. */
export async function expectArrival(
  standIn: StandIn,
  { names, page, fastForwardMs = 0 }: Arrival,
): Promise<void> {
  const lost = async (): Promise<number> => (await standIn.account(names)).lost;
  const requests = page && watchRequests(page);
  const lostBefore = await lost();
  const look = async (): Promise<number> => {
    const now = await lost();
    if (page && requests && fastForwardMs && now > 0 && now === lostBefore)
      await passTime(page, requests, fastForwardMs);
    return now;
  };
  await expect.poll(look, { timeout: LONGEST_MS }).toBe(0);
  if (page) await expect.poll(async () => (await stats(page)).pending, { timeout: LONGEST_MS }).toBe(0);
  expect(await standIn.account(names)).toEqual(once(names.length));
  expect(await repeats(standIn)).toEqual(new Map());
  expect((await standIn.events()).length).toBe(names.length);
}

const TAKEN: ReadonlySet<number | string> = new Set([200, 'lose-answer', 'halve-answer', 'withhold-answer']);

/** How often the proxy has accepted each of these ids, even if the response was lost. */
export async function timesTaken(site: Site, ids: readonly string[]): Promise<readonly number[]> {
  const taken = (await site.batches()).filter(({ fate }) => TAKEN.has(fate)).flatMap((batch) => batch.ids);
  return ids.map((id) => taken.filter((each) => each === id).length);
}

/** The ids that Customer.io has received more than once, and how often. */
export async function repeats(standIn: StandIn): Promise<ReadonlyMap<string, number>> {
  return new Map([...(await standIn.times())].filter(([, times]) => times > 1));
}

/**
 * Checks that only events that were in flight when a page ended were sent again, with the same ids, in at
 * most `requests` requests.
 *
 * @param delivered when the SDK reported each id as delivered, in milliseconds since the epoch
 */
export async function expectRepeatsOfTheCut(
  site: Site,
  delivered: ReadonlyMap<string, number>,
  requests: number,
): Promise<void> {
  const taken = (await site.batches()).filter(({ fate }) => fate === 200);
  const tooLate = taken.flatMap(({ ids, at }) => ids.filter((id) => (delivered.get(id) ?? Infinity) < at));
  expect(tooLate, 'sent again after it was told as delivered').toEqual([]);
  const seen = new Set<string>();
  const again = taken.filter(({ ids }) => {
    const isRepeat = ids.some((id) => seen.has(id));
    for (const id of ids) seen.add(id);
    return isRepeat;
  });
  expect(again.length).toBeLessThanOrEqual(requests);
}
