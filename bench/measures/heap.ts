import { type Measure, onlyOurs } from '../measure.ts';
import { heapBytes, useWarm, settle } from '../session.ts';

const BURSTS = 20;
/** Less than an outbox holds. */
const BURST = 5_000;

/** What stays of 100 000 delivered events. The others would need ten minutes for that many. */
export const heap: Measure = {
  key: 'heap',
  runs: onlyOurs(2),
  run: (browser, candidate) =>
    useWarm(browser, candidate, async ({ page, devTools, arrivals }) => {
      const before = await heapBytes(devTools);
      let lost = 0;
      for (let from = 1; from < BURSTS * BURST; from += BURST) {
        await page.evaluate(([first, count]) => window.bench.burst(first, count), [from, BURST] as const);
        lost += (await arrivals.all(from, BURST)).lost;
      }
      await settle();
      const after = await heapBytes(devTools);
      return { values: { heap: (after - before) / 1_000_000 }, lost };
    }),
};
