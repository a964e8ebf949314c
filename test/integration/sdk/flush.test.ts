import { describe, expect, test, vi } from 'vitest';
import { openSite } from '../../fakes/site.ts';
import { expectBalance, watchPage } from './setup.ts';

watchPage();

describe('a flush', () => {
  test('returns what happened to the events', async () => {
    const { open, server } = await openSite();
    const { analytics } = open({ delivery: { flushIntervalMs: 60_000 } });
    server.respond(({ batch }) => ({ status: batch.some(({ event }) => event === 'bad') ? 400 : 200 }));
    await Promise.all(['a', 'bad', 'b'].map((name) => analytics.track(name)));
    const result = await analytics.flush();
    expect(analytics.stats()).toMatchObject({
      tracked: 3,
      delivered: 2,
      pending: 0,
      dropped: { rejected: 1 },
    });
    expect(result).toMatchObject({ pending: 0 });
  });

  test('ends with its timeout', async () => {
    const { open, server } = await openSite();
    server.respond('silence');
    const { analytics } = open();
    void analytics.track('E');
    expect(await analytics.flush({ timeoutMs: 20 })).toEqual({ delivered: 0, pending: 1, dropped: 0 });
  });

  test('of a tab that is not the leader asks the leader', async () => {
    const { open, server } = await openSite();
    const first = open({ delivery: { flushIntervalMs: 60_000 } });
    void first.analytics.track('first');
    await first.analytics.flush();
    await first.delivered(1);
    const second = open({ delivery: { flushIntervalMs: 60_000 } });
    await second.analytics.track('second');
    expect(await second.analytics.flush()).toMatchObject({ pending: 0 });
    expect(server.taken.map(({ event }) => event)).toEqual(['first', 'second']);
    await vi.waitFor(() => expect(second.told.delivered).toHaveLength(1));
    for (const { analytics } of [first, second]) expectBalance(analytics);
  });
});
