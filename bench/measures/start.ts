import type { Measure } from '../measure.ts';
import { useBlank } from '../session.ts';
import { sourceOf } from '../servers.ts';
import { traceTasks } from '../trace.ts';

const FIRST = 1;
/** It takes a second and scatters widely. */
const TIMES = 2;

/** From the script's text to the first event: nothing is cached, and the script is already on the page's machine. */
export const start: Measure = {
  key: 'start',
  // The two ways to deliver begin the same; one of them waits 5 s before it sends.
  runs: ({ key }, asked) => (key === 'batching' ? 0 : asked * TIMES),
  run: (browser, candidate) =>
    useBlank(browser, candidate, async ({ page, devTools, addresses, arrivals }) => {
      const scripts = {
        source: sourceOf(candidate),
        attributes: candidate.attributes,
        after: candidate.after(addresses) + candidate.tellTaken,
      };
      const traced = await traceTasks(devTools);
      const { acceptedMs, takenMs, startedAt } = await page.evaluate(
        ([given, number]) => window.bench.start(given, number),
        [scripts, FIRST] as const,
      );
      const { cpuMs } = await traced();
      const { lost, at } = await arrivals.all(FIRST, 1);
      return {
        values: {
          start: acceptedMs,
          'start-cpu': cpuMs,
          'start-taken': takenMs,
          'start-arrived': at - startedAt,
        },
        lost,
      };
    }),
};
