// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { Analytics } from '../../../src/analytics.ts';
import { replay } from '../../../src/script/replay.ts';

function recorder(): { readonly analytics: Analytics; readonly calls: unknown[][] } {
  const calls: unknown[][] = [];
  const note =
    (name: string) =>
    (...args: unknown[]) =>
      void calls.push([name, ...args]);
  const analytics = {
    track: note('track'),
    page: note('page'),
    identify: note('identify'),
    consent: { grant: note('grant') },
  };
  return { analytics: analytics as unknown as Analytics, calls };
}

describe('the calls of a stub', () => {
  test('are made in their order, with their arguments', () => {
    const { analytics, calls } = recorder();
    replay(analytics, [['page'], ['identify', 'u1', { plan: 'pro' }], ['track', 'E', { a: 1 }, undefined]]);
    expect(calls).toEqual([
      ['page'],
      ['identify', 'u1', { plan: 'pro' }],
      ['track', 'E', { a: 1 }, undefined],
    ]);
  });

  test.each([undefined, null, {}, 'x', 7, () => undefined])('are none in %s', (queue) => {
    const { analytics, calls } = recorder();
    replay(analytics, queue);
    expect(calls).toEqual([]);
  });

  test('reach nothing but methods, whatever stands in the list', () => {
    const { analytics, calls } = recorder();
    const hostile = [
      [],
      ['constructor', 'return 1'],
      ['__proto__'],
      ['toString'],
      ['unknown'],
      ['consent'],
      'track',
      null,
      [Symbol('x')],
      [{}],
    ];
    expect(() => replay(analytics, [...hostile, ['track', 'E']])).not.toThrow();
    expect(calls).toEqual([['track', 'E']]);
  });
});
