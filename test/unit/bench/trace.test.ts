// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { MEASURED_MARK } from '../../../bench/page/marks.ts';
import { tasksIn } from '../../../bench/trace.ts';

const main = { pid: 7, tid: 1 };
const mark = { name: MEASURED_MARK, ts: 1_500, ...main };
const task = (ts: number, dur: number, more: object = {}): Parameters<typeof tasksIn>[0][number] => ({
  name: 'RunTask',
  ts,
  dur,
  tdur: dur / 2,
  ...main,
  ...more,
});

describe('a trace', () => {
  test('gives the marked task, and the longest one after it', () => {
    const before = task(0, 900_000);
    const marked = task(1_000_000, 400_000);
    const tasks = [before, marked, task(1_400_000, 30_000), task(1_500_000, 45_000)];
    expect(tasksIn([{ ...mark, ts: 1_000_500 }, ...tasks])).toEqual({ cpuMs: 200, longestAfterMs: 45 });
  });

  test('of other processes and threads does not count, nor does what is no task', () => {
    const others = [
      task(3_000, 99_000, { pid: 8 }),
      task(3_000, 99_000, { tid: 2 }),
      task(3_000, 99_000, { name: 'FunctionCall' }),
    ];
    expect(tasksIn([mark, task(1_000, 1_000), ...others])).toEqual({ cpuMs: 0.5, longestAfterMs: 0 });
  });

  test('without the mark is no measurement', () => {
    expect(() => tasksIn([task(0, 1)])).toThrow('does not have the mark');
    expect(() => tasksIn([mark, task(0, 1)])).toThrow('the marked task');
  });
});
