import { describe, expect, test, vi } from 'vitest';
import { createAnalytics } from '../../../src/sdk/create-analytics.ts';
import type { SdkError } from '../../../src/protocol/errors.ts';
import { settled } from '../../fakes/clock.ts';
import { openSite } from '../../fakes/site.ts';
import { watchPage } from './setup.ts';

watchPage();

describe('the instance', () => {
  test('is the same for the same proxy and key, with a warning if the options differ', async () => {
    const { open, clientKey } = await openSite();
    const { analytics } = open();
    const again = createAnalytics({ proxyUrl: '/e/', clientKey, delivery: { flushIntervalMs: 1 } });
    expect(again).toBe(analytics);
    vi.mocked(console.warn).mockClear();
    expect(createAnalytics({ proxyUrl: '/e', clientKey, debug: true })).toBe(analytics);
    expect(console.warn).toHaveBeenCalledOnce();
    const other = createAnalytics({ proxyUrl: '/e', clientKey: 'other', consent: 'denied' });
    expect(other).not.toBe(analytics);
    other.close();
  });

  test('is a new one after it was closed', async () => {
    const { open, locks } = await openSite();
    const { analytics } = open();
    void analytics.track('E');
    await analytics.flush();
    analytics.close();
    await settled();
    expect(locks.held()).toEqual([]);
    expect(open().analytics).not.toBe(analytics);
  });

  test('never throws: with wrong options each call is discarded, with one warning', async () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'a:b' });
    const errors: SdkError[] = [];
    const dropped: unknown[] = [];
    analytics.on('error', (error) => errors.push(error));
    analytics.on('dropped', ({ reason }) => dropped.push(reason));
    analytics.consent.grant();
    for (const name of ['A', 'B'])
      expect(await analytics.track(name)).toMatchObject({ state: 'discarded', reason: 'invalid-options' });
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    expect(errors[0]).toMatchObject({ code: 'invalid-options' });
    expect(errors[0]?.message).toContain('clientKey');
    expect(print).toHaveBeenCalledTimes(1);
    expect(dropped).toEqual(['invalid-options', 'invalid-options']);
    expect(analytics.stats()).toMatchObject({ tracked: 2, pending: 0, dropped: { 'invalid-options': 2 } });
    print.mockRestore();
  });

  test('has methods that can be called without the object', async () => {
    const { open } = await openSite();
    const { track, identify, page, stats } = open().analytics;
    expect((await track('E')).state).toBe('stored');
    expect((await identify('u1')).state).toBe('stored');
    expect((await page()).state).toBe('stored');
    expect(stats().tracked).toBe(3);
  });
});
