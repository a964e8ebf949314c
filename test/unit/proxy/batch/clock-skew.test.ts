// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { ProxyOptions } from '../../../../src/proxy.ts';
import { event, post, startProxy } from '../../../integration/proxy/setup.ts';
import type { Received } from '../../../integration/proxy/upstream.ts';

const HOUR_MS = 3_600_000;
const at = (ms: number): string => new Date(ms).toISOString();

/** Sends a batch from a browser whose clock is behind: an event of five minutes ago, sent now. */
async function sendWith(
  options: Partial<ProxyOptions>,
  behindMs: number,
  fields: Record<string, unknown> = {},
  sentAt: unknown = at(Date.now() - behindMs),
): Promise<{ readonly sent: string; readonly received: Received; readonly before: number }> {
  const { proxy, upstream } = await startProxy(options);
  const before = Date.now();
  const sent = JSON.stringify({
    batch: [event({ timestamp: at(before - behindMs - 300_000), ...fields })],
    sentAt,
  });
  const response = await proxy.fetch(post([], { body: sent }));
  expect(response.status).toBe(200);
  const [received] = upstream.received;
  if (!received) throw new Error('nothing came');
  return { sent, received, before };
}

describe('the time of an event', () => {
  test('is not changed by default, however wrong the clock is', async () => {
    const { sent, received } = await sendWith({}, 24 * HOUR_MS);
    expect(received.text).toBe(sent);
  });

  test.each([
    ['behind', 26 * HOUR_MS],
    ['ahead', -3 * HOUR_MS],
  ])('from a clock that is %s becomes that of the server', async (_, behindMs) => {
    const { received, before } = await sendWith({ correctClock: true }, behindMs);
    const [corrected = {}] = received.body.batch;
    const timestamp = Date.parse(String(corrected['timestamp']));
    // The corrected time is receivedAt - (sentAt - originalTimestamp); the difference in brackets is five
    // minutes.
    expect(timestamp).toBeGreaterThanOrEqual(before - 300_000 - 1);
    expect(timestamp).toBeLessThanOrEqual(Date.now() - 300_000);
    expect(corrected['originalTimestamp']).toBe(at(before - behindMs - 300_000));
  });

  test('is corrected once: a second correction changes nothing', async () => {
    const { received } = await sendWith({ correctClock: true }, HOUR_MS);
    expect(Math.abs(Date.parse(received.body.sentAt ?? '') - Date.now())).toBeLessThan(10_000);
  });

  test.each([0, 14_000, -10_000])(
    'is unchanged, with every byte, if network delay may explain the difference: %i ms',
    async (behindMs) => {
      const { sent, received } = await sendWith({ correctClock: true }, behindMs);
      expect(received.text).toBe(sent);
    },
  );

  test.each<[string, Record<string, unknown>, unknown]>([
    ['sentAt is missing', {}, null],
    ['sentAt is no time', {}, 'yesterday'],
    ['timestamp is missing', { timestamp: undefined }, at(0)],
    ['timestamp is no time', { timestamp: 'yesterday' }, at(0)],
    ['timestamp is beyond all times', { timestamp: '+275760-09-12T00:00:00.000Z' }, at(0)],
  ])('is unchanged if %s', async (_, fields, sentAt) => {
    const { sent, received } = await sendWith({ correctClock: true }, HOUR_MS, fields, sentAt);
    expect(received.body.batch).toEqual((JSON.parse(sent) as Received['body']).batch);
  });

  test('is corrected before hooks run', async () => {
    const seen: string[] = [];
    const filter = ({ timestamp }: { timestamp: string }): boolean => seen.push(timestamp) > 0;
    await sendWith({ correctClock: true, filter }, 24 * HOUR_MS);
    expect(Date.now() - Date.parse(seen[0] ?? '')).toBeLessThan(HOUR_MS);
  });
});
