import { describe, expect, test, vi } from 'vitest';
import { settled } from '../../fakes/clock.ts';
import { openSite } from '../../fakes/site.ts';
import { expectBalance, watchPage } from './setup.ts';

watchPage();

describe('the stats', () => {
  test('add up after every step, whatever the proxy responds', async () => {
    const { open, server } = await openSite();
    const { analytics } = open({ outbox: { maxEvents: 8 } });
    const answers = [200, 400, 503, 200, 413, 401, 200];
    let requests = 0;
    server.respond(() => ({
      status: answers[requests++ % answers.length] ?? 200,
      headers: { 'Retry-After': '0' },
    }));
    for (let i = 0; i < 30; i++) {
      void analytics.track(i % 7 === 0 ? '' : `e${i}`, { text: 'x'.repeat(i % 11 === 0 ? 33_000 : 10) });
      expectBalance(analytics);
      if (i % 3 === 0) await settled();
      expectBalance(analytics);
    }
    await analytics.flush({ timeoutMs: 1_000 });
    expectBalance(analytics);
    expect(analytics.stats().tracked).toBe(30);
  });

  test('include events that were waiting when the page loaded', async () => {
    const { open, server } = await openSite();
    server.respond({ status: 503, headers: { 'Retry-After': '3600' } });
    const first = open();
    await Promise.all([first.analytics.track('a'), first.analytics.track('b')]);
    first.analytics.close();
    const { analytics } = open({ consent: 'pending' });
    expect(analytics.stats().tracked).toBe(0);
    analytics.consent.grant();
    await vi.waitFor(() => expect(analytics.stats()).toMatchObject({ tracked: 2, pending: 2, delivered: 0 }));
    analytics.consent.deny();
    expect(analytics.stats()).toMatchObject({ tracked: 2, pending: 0, dropped: { consent: 2 } });
  });
});
