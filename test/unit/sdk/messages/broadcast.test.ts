// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { broadcastDueMs, readBroadcast } from '../../../../src/sdk/messages/broadcast.ts';
import type { MessageRecord } from '../../../../src/sdk/messages/message-state.ts';
import { START_MS } from '../../../fakes/clock.ts';
import { NO_RECORD } from './setup.ts';

describe('a broadcast', () => {
  test.each([
    [
      { frequency: { count: 1, delay: 2, ignoreDismiss: true } },
      { count: 1, delayMs: 2_000, ignoreDismiss: true },
    ],
    [{ frequency: { count: 0 } }, { count: 0, delayMs: 0, ignoreDismiss: false }],
    [
      { frequency: { count: 2, delay: 0, ignoreDismiss: 'yes' } },
      { count: 2, delayMs: 0, ignoreDismiss: false },
    ],
  ])('%o is read', (value, broadcast) => {
    expect(readBroadcast(value)).toEqual(broadcast);
  });

  test.each([
    undefined,
    null,
    true,
    'once',
    {},
    { frequency: null },
    { frequency: {} },
    { frequency: 'always' },
    { frequency: { count: '1' } },
    { frequency: { count: -1 } },
    { frequency: { count: NaN } },
    { frequency: { count: 1, delay: 'long' } },
    { frequency: { count: 1, delay: -5 } },
  ])('%o is not shown', (value) => {
    expect(readBroadcast(value)).toBeUndefined();
  });

  const NOW_MS = START_MS;
  const agoMs = (shownCount: number, ms: number): Partial<MessageRecord> => ({
    shownCount,
    shownAtMs: NOW_MS - ms,
  });
  const closed = { isDismissed: true };
  test.each<
    [count: number, delay: number, ignoreDismiss: boolean, record: Partial<MessageRecord>, dueInMs: number]
  >([
    // Once in this browser.
    [1, 0, false, {}, 0],
    [1, 0, false, agoMs(1, 999_999), Infinity],
    [1, 60, true, agoMs(1, 999_999), Infinity],
    // Twice, with two seconds between, and never a third time.
    [2, 2, false, {}, 0],
    [2, 2, false, agoMs(1, 500), 1_500],
    [2, 2, false, agoMs(1, 2_000), 0],
    [2, 2, false, agoMs(2, 999_999), Infinity],
    // Always.
    [0, 0, false, agoMs(99, 0), 0],
    // Without a limit, with time between.
    [0, 10, false, agoMs(99, 4_000), 6_000],
    [0, 10, false, agoMs(99, 10_000), 0],
    // Closed by the visitor.
    [0, 0, false, { ...agoMs(1, 5_000), ...closed }, Infinity],
    [0, 0, true, { ...agoMs(1, 5_000), ...closed }, 0],
    [5, 0, false, { ...agoMs(1, 5_000), ...closed }, Infinity],
    [5, 9, true, { ...agoMs(1, 5_000), ...closed }, 4_000],
    [1, 0, true, { ...agoMs(1, 5_000), ...closed }, Infinity],
    // The clock was set back since the last display.
    [2, 60, false, agoMs(1, -86_400_000), 0],
  ])(
    'count %d, delay %d s, ignoreDismiss %s, %o: due in %d ms',
    (count, delay, ignoreDismiss, record, dueInMs) => {
      const broadcast = readBroadcast({ frequency: { count, delay, ignoreDismiss } });
      const dueMs = broadcast && broadcastDueMs(broadcast, { ...NO_RECORD, ...record }, NOW_MS);
      expect(dueMs).toBe(dueInMs ? NOW_MS + dueInMs : 0);
    },
  );
});
