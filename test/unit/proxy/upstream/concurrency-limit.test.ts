// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { createConcurrencyLimit } from '../../../../src/proxy/upstream/concurrency-limit.ts';

const { signal: never } = new AbortController();
const LIMITS = { maxConcurrent: 2, maxQueued: 2, maxPerSecond: Infinity };

describe('the concurrency limit', () => {
  test('permits the configured number of requests, queues more in order, and refuses the rest', async () => {
    const gate = createConcurrencyLimit(LIMITS);
    const order: number[] = [];
    const enter = (i: number): Promise<boolean> =>
      gate.enter(never).then((entered) => (entered && order.push(i), entered));
    const all = [1, 2, 3, 4, 5].map(enter);
    expect(await all[4]).toBe(false);
    expect(gate.counts()).toEqual({ inFlight: 2, queued: 2 });
    expect(order).toEqual([1, 2]);
    gate.leave();
    expect(await all[2]).toBe(true);
    gate.leave();
    expect(await all[3]).toBe(true);
    expect(order).toEqual([1, 2, 3, 4]);
    gate.leave();
    gate.leave();
    expect(gate.counts()).toEqual({ inFlight: 0, queued: 0 });
  });

  test('gives the place of an expired request to the next one', async () => {
    const gate = createConcurrencyLimit({ ...LIMITS, maxConcurrent: 1 });
    await gate.enter(never);
    const impatient = new AbortController();
    const [first, second] = [gate.enter(impatient.signal), gate.enter(never)];
    impatient.abort(new Error('late'));
    await expect(first).rejects.toThrow('late');
    gate.leave();
    expect(await second).toBe(true);
    expect(gate.counts()).toEqual({ inFlight: 1, queued: 0 });
  });

  test('does not queue a request whose time is over', async () => {
    const gate = createConcurrencyLimit({ ...LIMITS, maxConcurrent: 1 });
    await gate.enter(never);
    await expect(gate.enter(AbortSignal.abort(new Error('late')))).rejects.toThrow('late');
    expect(gate.counts()).toEqual({ inFlight: 1, queued: 0 });
  });

  test('counts a rate over three seconds', async () => {
    let now = 0;
    const gate = createConcurrencyLimit({ ...LIMITS, maxPerSecond: 2 }, () => now);
    const go = async (): Promise<boolean> => {
      const entered = await gate.enter(never);
      if (entered) gate.leave();
      return entered;
    };
    const answers: boolean[] = [];
    for (let i = 0; i < 7; i += 1) answers.push(await go());
    expect(answers).toEqual([true, true, true, true, true, true, false]);
    expect(gate.counts()).toEqual({ inFlight: 0, queued: 0 });
    now = 3_000;
    expect(await go()).toBe(true);
  });
});
