// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { type CircuitBreaker, createCircuitBreaker } from '../../../../src/proxy/upstream/circuit-breaker.ts';
import type { Delivery } from '../../../../src/proxy/upstream/delivery.ts';

const DELIVERED: Delivery = { kind: 'delivered', status: 200 };
const failed = (status?: number, retryAfter?: string): Delivery => ({
  kind: 'unavailable',
  detail: '',
  ...(status !== undefined && { status }),
  ...(retryAfter !== undefined && { retryAfter }),
});

function start(): {
  breaker: CircuitBreaker;
  ask: (delivery: Delivery) => boolean;
  pass: (ms: number) => void;
} {
  let now = 0;
  const breaker = createCircuitBreaker({ breakAfter: 3, pauseMs: 1_000 }, () => now);
  return {
    breaker,
    /** Makes one request with this result. Returns whether the circuit breaker let the request pass. */
    ask(delivery) {
      const given = breaker.begin();
      if (given) breaker.end(given, delivery);
      return given !== null;
    },
    pass: (ms) => void (now += ms),
  };
}

describe('the breaker', () => {
  test.each([[undefined], [408], [429], [502], [503], [504]])(
    'opens after several failures in a row: %s',
    (status) => {
      const { breaker, ask } = start();
      for (let i = 0; i < 3; i += 1) expect(ask(failed(status))).toBe(true);
      expect(breaker.isOpen()).toBe(true);
      expect(breaker.waitMs()).toBe(1_000);
      expect(ask(DELIVERED)).toBe(false);
    },
  );

  test('tolerates more failures that a single event may have caused', () => {
    const { breaker, ask } = start();
    for (let i = 0; i < 11; i += 1) ask(failed(500));
    expect(breaker.isOpen()).toBe(false);
    ask(failed(500));
    expect(breaker.isOpen()).toBe(true);
  });

  test.each<[string, Delivery]>([
    ['delivers', DELIVERED],
    ['rejects', { kind: 'rejected', status: 400, reason: '' }],
    ['finds it too large', { kind: 'too-large', status: 413 }],
    ['refuses the key', { kind: 'misconfigured', status: 401, detail: '' }],
  ])('starts counting again when upstream %s, since it is reachable', (_, delivery) => {
    const { breaker, ask } = start();
    for (let i = 0; i < 2; i += 1) ask(failed(503));
    ask(delivery);
    for (let i = 0; i < 2; i += 1) ask(failed(503));
    expect(breaker.isOpen()).toBe(false);
  });

  test('permits one trial request after the pause, and all when that has succeeded', () => {
    const { breaker, ask, pass } = start();
    for (let i = 0; i < 3; i += 1) ask(failed());
    pass(999);
    expect(breaker.begin()).toBeNull();
    pass(1);
    const probe = breaker.begin();
    expect(probe).toBe('probe');
    expect(breaker.begin()).toBeNull();
    expect(breaker.waitMs()).toBeGreaterThan(0);
    breaker.end('probe', DELIVERED);
    expect(breaker.isOpen()).toBe(false);
    expect(ask(DELIVERED)).toBe(true);
  });

  test('doubles the pause each time, up to 30 seconds, and starts again after a success', () => {
    const { breaker, ask, pass } = start();
    for (let i = 0; i < 3; i += 1) ask(failed());
    const pauses = Array.from({ length: 7 }, () => {
      const pause = breaker.waitMs();
      pass(pause);
      ask(failed());
      return pause;
    });
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    pass(30_000);
    ask(DELIVERED);
    for (let i = 0; i < 3; i += 1) ask(failed());
    expect(breaker.waitMs()).toBe(1_000);
  });

  test('stays open when earlier requests fail too, and closes when one succeeds', () => {
    const { breaker, ask, pass } = start();
    const [slow, slower] = [breaker.begin(), breaker.begin()];
    for (let i = 0; i < 3; i += 1) ask(failed());
    pass(500);
    if (slow) breaker.end(slow, failed());
    expect(breaker.waitMs()).toBe(500);
    if (slower) breaker.end(slower, DELIVERED);
    expect(breaker.isOpen()).toBe(false);
  });

  test.each([
    ['7', 7_000],
    ['86400', 60_000],
  ])('opens at once when upstream sends Retry-After: %s seconds', (retryAfter, pauseMs) => {
    const { breaker, ask } = start();
    ask(failed(429, retryAfter));
    expect(breaker.waitMs()).toBe(pauseMs);
  });

  test('reads a date, and ignores one in the past', () => {
    const { breaker, ask } = start();
    ask(failed(503, new Date(Date.now() - 5_000).toUTCString()));
    expect(breaker.isOpen()).toBe(false);
    ask(failed(503, new Date(Date.now() + 20_000).toUTCString()));
    expect(breaker.waitMs()).toBeGreaterThan(15_000);
    expect(breaker.waitMs()).toBeLessThanOrEqual(20_000);
  });
});
