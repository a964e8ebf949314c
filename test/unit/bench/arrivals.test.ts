// @vitest-environment node
import { describe, expect, test, vi } from 'vitest';
import { createArrivals } from '../../../bench/arrivals.ts';

const events = (...positions: readonly unknown[]): readonly { position: unknown }[] =>
  positions.map((position) => ({ position }));

describe('the arrivals of numbered events', () => {
  test('are complete when every number has arrived, in any order', async () => {
    const arrivals = createArrivals();
    arrivals.take(events(3, 1));
    const all = arrivals.all(1, 3);
    arrivals.take(events(2));
    expect(await all).toMatchObject({ lost: 0, repeated: 0 });
    expect(await arrivals.all(1, 3)).toMatchObject({ lost: 0 });
  });

  test('count repeated events', async () => {
    const arrivals = createArrivals();
    arrivals.take(events(1, 2, 2));
    arrivals.take(events(2, 9, 9));
    expect(await arrivals.all(1, 2)).toMatchObject({ lost: 0, repeated: 2 });
  });

  test('end when no new event has arrived for a long time, and missing events count as lost', async () => {
    vi.useFakeTimers();
    try {
      const arrivals = createArrivals();
      const all = arrivals.all(1, 4);
      await vi.advanceTimersByTimeAsync(29_000);
      arrivals.take(events(1, 'no number', undefined));
      await vi.advanceTimersByTimeAsync(29_000);
      arrivals.take(events(1)); // a repeated event does not restart the timeout
      await vi.advanceTimersByTimeAsync(2_000);
      expect(await all).toMatchObject({ lost: 3, repeated: 1 });
    } finally {
      vi.useRealTimers();
    }
  });
});
