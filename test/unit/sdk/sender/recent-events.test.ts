// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { createRecentEvents } from '../../../../src/sdk/sender/recent-events.ts';
import { events, outboxEvent } from '../../../fakes/events.ts';

const ids = (list: readonly { readonly id: string }[]): readonly string[] => list.map(({ id }) => id);

describe('the recent events', () => {
  test('are kept in order until they are settled', () => {
    const recent = createRecentEvents();
    for (const event of events('e', 4)) recent.add(event);
    recent.remove(['e2', 'unknown']);
    expect(ids(recent.all())).toEqual(['e1', 'e3', 'e4']);
    expect(recent.with([])).toEqual(recent.all());
  });

  test('are told from those of other tabs, of which it is known for a while that they are settled', () => {
    const recent = createRecentEvents();
    for (const event of events('e', 2)) recent.add(event);
    recent.remove(['e1', 'other']);
    expect(['e1', 'e2', 'other', 'unknown'].filter(recent.wasOthers)).toEqual(['other']);
    for (let batch = 0; batch < 20; batch++) recent.remove(ids(events(`later${batch}-`, 100)));
    expect(recent.wasOthers('other')).toBe(false);
    expect(recent.wasOthers('later19-7')).toBe(true);
  });

  test('come together with others, each once', () => {
    const recent = createRecentEvents();
    for (const event of events('e', 2)) recent.add(event);
    expect(ids(recent.with(events('e', 3)))).toEqual(['e1', 'e2', 'e3']);
    expect(ids(recent.all())).toEqual(['e1', 'e2']);
  });

  test('are not all there are, where a page tracks without end', () => {
    const recent = createRecentEvents();
    for (let i = 0; i < 100; i++) recent.add(outboxEvent(`e${i}`, { bytes: 15_000 }));
    const kept = recent.with([]);
    expect(kept.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(1024 * 1024);
    expect(kept.length).toBeGreaterThan(60);
  });

  test('make room again when they are settled', () => {
    const recent = createRecentEvents();
    for (let round = 0; round < 50; round++) {
      recent.add(outboxEvent(`e${round}`, { bytes: 600_000 }));
      expect(ids(recent.with([]))).toEqual([`e${round}`]);
      recent.remove([`e${round}`, `e${round}`]);
    }
    // The limit still applies after many rounds.
    for (const event of ['f1', 'f2']) recent.add(outboxEvent(event, { bytes: 600_000 }));
    expect(ids(recent.all())).toEqual(['f1']);
  });
});
