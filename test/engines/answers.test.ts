/**
 * The SDK's reaction to each kind of response, in every engine: no event is lost, and no event arrives twice.
 */
import { expect, test } from 'vitest';
import type { Fault } from '../support/site/proxy-faults.ts';
import { type Tab, until } from './engine.ts';
import { inEveryEngine } from './setup.ts';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const refusal = (error: string): string => JSON.stringify({ error, message: 'No', serverTime: 0 });

/** The faults of the first requests. Later requests succeed. */
const TROUBLES: Readonly<Record<string, readonly Fault[]>> = {
  'hangs up': [{ does: 'cut', times: 2 }],
  'hangs up after it has read the body': [{ does: 'cut-late', times: 2 }],
  'delivers, and its answer is lost': [{ does: 'lose-answer', times: 1 }],
  'delivers, and half of its answer is lost': [{ does: 'halve-answer', times: 1 }],
  'answers 503 with Retry-After': [{ does: { status: 503, headers: { 'Retry-After': '1' } }, times: 1 }],
  'answers 429 with Retry-After': [{ does: { status: 429, headers: { 'Retry-After': '1' } }, times: 1 }],
  'answers 500': [{ does: { status: 500 }, times: 2 }],
  'answers 408': [{ does: { status: 408 }, times: 1 }],
  'answers 404 to all': [{ does: { status: 404, body: 'no' }, times: 4 }],
  'answers 403 to all': [
    { does: { status: 403, headers: JSON_TYPE, body: refusal('origin_not_allowed') }, times: 2 },
  ],
  'answers 401 to the key': [
    { does: { status: 401, headers: JSON_TYPE, body: refusal('invalid_client_key') }, times: 1 },
  ],
  'answers with a page': [
    { does: { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<p>Hello</p>' }, times: 2 },
  ],
  'redirects, in this origin': [{ does: { status: 307, headers: { Location: '/e/v1/batch/' } }, times: 1 }],
};

/** Makes the waits between attempts short: a wait is a random share of a growing maximum. */
const IMPATIENT = `Math.random = () => 0.001;`;

const settled = (tab: Tab): Promise<void> =>
  until('the end of all waits', () =>
    tab.evaluate(async () => {
      window.dispatchEvent(new Event('online'));
      await window.analytics.flush({ timeoutMs: 2_000 });
      return window.analytics.stats().pending === 0;
    }),
  );

inEveryEngine(({ open, arrived, site }) => {
  for (const [what, faults] of Object.entries(TROUBLES))
    test(`a proxy that ${what} and then works again: every event arrives once`, async () => {
      const tab = await open({ before: IMPATIENT, sdk: { delivery: { flushIntervalMs: 50 } } });
      await site().faults(...faults);
      const names = ['A', 'B', 'C'];
      await tab.evaluate((all) => {
        for (const name of all) void window.analytics.track(name);
      }, names);
      await settled(tab);
      await arrived(names);
      expect(await tab.evaluate(() => window.analytics.stats())).toMatchObject({ tracked: 3, delivered: 3 });
    });

  test('one refused event is dropped, and the others of its batch arrive', async () => {
    const tab = await open({ before: IMPATIENT, sdk: { delivery: { flushIntervalMs: 50 } } });
    await site().faults({
      contains: 'Poison',
      does: { status: 400, headers: JSON_TYPE, body: refusal('invalid') },
    });
    await tab.evaluate(() => {
      for (const name of ['A', 'Poison', 'B']) void window.analytics.track(name);
    });
    await settled(tab);
    await arrived(['A', 'B']);
    expect(await tab.evaluate(() => window.analytics.stats())).toMatchObject({
      delivered: 2,
      dropped: { rejected: 1 },
    });
  });

  test('while the proxy is away events wait, and the next page delivers them', async () => {
    await site().faults({ does: 'cut' });
    const tab = await open();
    await tab.evaluate(() => window.analytics.track('A'));
    await tab.close();
    await site().faults();
    const next = await open();
    await next.evaluate(() => window.analytics.track('B'));
    await settled(next);
    await arrived(['A', 'B']);
  });
});
