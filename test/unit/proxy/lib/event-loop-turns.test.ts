// @vitest-environment node
import { expect, test } from 'vitest';
import { createTurns } from '../../../../src/proxy/lib/event-loop-turns.ts';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('work runs at once, up to some milliseconds of a turn; the rest runs one by one, in order', async () => {
  let ms = 0;
  const takeTurn = createTurns(() => ms);
  const done: number[] = [];
  const work = async (nth: number): Promise<void> => {
    await takeTurn();
    ms += 3;
    done.push(nth);
  };
  const all = [1, 2, 3, 4].map(work);
  await Promise.resolve();
  // All turns are requested before the first one runs.
  expect(done).toEqual([1, 2, 3, 4]);
  const later = work(5);
  await Promise.resolve();
  expect(done).toHaveLength(4);
  const last = work(6);
  await nextTurn();
  expect(done).toEqual([1, 2, 3, 4, 5]);
  await nextTurn();
  expect(done).toEqual([1, 2, 3, 4, 5, 6]);
  await Promise.all([...all, later, last]);
  await nextTurn();
  await work(7);
  expect(done).toHaveLength(7);
});
