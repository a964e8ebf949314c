/**
 * Before consent a page stores nothing and sends nothing; after its withdrawal nothing is stored. In every
 * engine.
 */
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { type Tab, until } from './engine.ts';
import { inEveryEngine } from './setup.ts';

/** Everything that the origin of the page stores. */
const kept = (tab: Tab): Promise<unknown> =>
  tab.evaluate(async () => ({
    cookies: document.cookie,
    localStorage: Object.keys(localStorage),
    databases: (await indexedDB.databases()).map(({ name }) => name),
  }));
const isEmpty = async (tab: Tab): Promise<boolean> => isDeepStrictEqual(await kept(tab), NOTHING);
const NOTHING = { cookies: '', localStorage: [], databases: [] };

inEveryEngine(({ open, arrived, site, standIn }) => {
  test('pending: nothing is stored or sent, and the calls are replayed after the grant', async () => {
    const tab = await open({ sdk: { consent: 'pending' } });
    expect(
      await tab.evaluate(async () => {
        void window.analytics.identify('ann');
        return (await window.analytics.track('A')).state;
      }),
    ).toBe('held');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await kept(tab)).toEqual(NOTHING);
    expect(await site().batches()).toEqual([]);
    await tab.evaluate(() => window.analytics.consent.grant());
    await until('both', async () => (await standIn().events()).length === 2);
    expect((await standIn().events()).map(({ type, userId }) => [type, userId])).toEqual([
      ['identify', 'ann'],
      ['track', 'ann'],
    ]);
  });

  test('withdrawn: everything that was stored is deleted', async () => {
    const tab = await open({ sdk: { pageViews: 'manual' } });
    await tab.evaluate(() => {
      void window.analytics.identify('ann');
      void window.analytics.track('A');
    });
    await until('both', async () => (await standIn().events()).length === 2);
    await tab.evaluate(() => window.analytics.consent.deny());
    await until('nothing', () => isEmpty(tab));
    expect(await tab.evaluate(async () => (await window.analytics.track('B')).state)).toBe('discarded');
    await tab.evaluate(() => window.analytics.consent.grant());
    await tab.evaluate(() => void window.analytics.track('C'));
    await until('the third', async () => (await standIn().names()).includes('C'));
    expect((await standIn().names()).includes('B')).toBe(false);
    const [first, , third] = await standIn().events();
    expect(third?.userId).toBeUndefined();
    expect(third?.anonymousId).not.toBe(first?.anonymousId);
  });

  test('withdrawn in one tab: the other tab stops, too', async () => {
    const [one, other] = [await open(), await open()];
    await one.evaluate(() => void window.analytics.track('A'));
    await arrived(['A']);
    await one.evaluate(() => window.analytics.consent.deny());
    await until('the other one', () => other.evaluate(() => window.analytics.consent.state === 'denied'));
    await until('nothing', () => isEmpty(other));
  });
});
