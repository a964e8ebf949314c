import { fewerOfOthers, type Measure } from '../measure.ts';
import { since } from '../meter.ts';
import { heapBytes, useWarm, settle } from '../session.ts';
import { traceTasks } from '../trace.ts';

/** So many events in one task, and all that follows until they have arrived. */
const burst = (count: number, mostRunsOfOthers: number): Measure => ({
  key: `track-${count}`,
  runs: fewerOfOthers(mostRunsOfOthers),
  run: (browser, candidate) =>
    useWarm(browser, candidate, async ({ page, devTools, arrivals, sent }) => {
      const heapBefore = await heapBytes(devTools);
      const before = sent();
      const traced = await traceTasks(devTools);
      const { callsMs, taskMs, lastCallAt } = await page.evaluate(
        (many) => window.bench.burst(1, many),
        count,
      );
      const { lost, at } = await arrivals.all(1, count);
      const { requests, bytes } = since(sent(), before);
      await settle();
      const { cpuMs, longestAfterMs } = await traced();
      const heapAfter = await heapBytes(devTools);
      const values = {
        task: (taskMs * 1_000) / count,
        calls: (callsMs * 1_000) / count,
        cpu: (cpuMs * 1_000) / count,
        longest: longestAfterMs,
        delivered: at - lastCallAt,
        requests,
        'bytes-per-event': bytes / count,
        heap: (heapAfter - heapBefore) / 1_000_000,
      };
      return {
        values: Object.fromEntries(
          Object.entries(values).map(([name, value]) => [`${name}-${count}`, value]),
        ),
        lost,
      };
    }),
});

export const track2000 = burst(2_000, 2);
export const track10000 = burst(10_000, 1);
