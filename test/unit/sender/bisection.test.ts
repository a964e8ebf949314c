// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { createBisection } from '../../../src/sender/bisection.ts';
import { seeded } from '../../fakes/random.ts';

interface Result {
  readonly passed: readonly number[];
  readonly givenUp: readonly number[];
  readonly requests: number;
}

function search(all: readonly number[], poison: ReadonlySet<number>, refused: boolean): Result {
  const bisection = createBisection(all);
  const passed: number[] = [];
  const givenUp: number[] = [];
  let requests = 0;
  for (let items = bisection.next(); items.length; items = bisection.next()) {
    requests += 1;
    if (items.some((item) => poison.has(item))) {
      const bad = bisection.failed(refused);
      if (bad !== undefined) givenUp.push(bad);
    } else {
      passed.push(...items);
      bisection.passed();
    }
  }
  return { passed, givenUp, requests };
}

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i + 1);

describe('a bisection', () => {
  test.each([1, 2, 3, 7, 64, 100])(
    'finds each single item of %i that is refused, and passes all others in order',
    (count) => {
      for (const bad of upTo(count)) {
        const { passed, givenUp, requests } = search(upTo(count), new Set([bad]), true);
        expect(givenUp).toEqual([bad]);
        expect(passed).toEqual(upTo(count).filter((item) => item !== bad));
        expect(requests).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(count)) + 1);
      }
    },
  );

  test('gives up an item that crashes the server only after three tries', () => {
    const { givenUp, requests } = search([1], new Set([1]), false);
    expect(givenUp).toEqual([1]);
    expect(requests).toBe(3);
  });

  test('gives up everything when everything is refused', () => {
    expect(search(upTo(9), new Set(upTo(9)), true)).toMatchObject({ passed: [], givenUp: upTo(9) });
  });

  test('finds any number of them, in order', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seeded(seed);
      const all = upTo(1 + random.below(120));
      const poison = new Set(all.filter(() => random.chance(0.1)));
      const { passed, givenUp } = search(all, poison, random.chance(0.5));
      expect(givenUp).toEqual([...poison]);
      expect(passed).toEqual(all.filter((item) => !poison.has(item)));
    }
  });

  test('of nothing is over at once', () => {
    const bisection = createBisection([]);
    expect(bisection.next()).toEqual([]);
    expect(bisection.failed(true)).toBeUndefined();
    expect(bisection.next()).toEqual([]);
  });
});
