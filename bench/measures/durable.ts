import { type Measure, onlyOurs } from '../measure.ts';
import { useWarm } from '../session.ts';
import { percentile } from '../statistics.ts';

const EACH = 150;
const EVERY_MS = 20;
const ALL = 10_000;

/** How soon an event would survive the browser. The others have no such moment before it has arrived. */
export const durable: Measure = {
  key: 'durable',
  runs: onlyOurs(),
  run: (browser, candidate) =>
    useWarm(browser, candidate, async ({ page, arrivals }) => {
      const tookMs = await page.evaluate(([count, everyMs]) => window.bench.durableEach(1, count, everyMs), [
        EACH,
        EVERY_MS,
      ] as const);
      const each = await arrivals.all(1, EACH);
      const allMs = await page.evaluate(([from, count]) => window.bench.durableAll(from, count), [
        EACH + 1,
        ALL,
      ] as const);
      const all = await arrivals.all(EACH + 1, ALL);
      return {
        values: { 'durable-one': percentile(tookMs, 0.95), 'durable-all': allMs },
        lost: each.lost + all.lost,
      };
    }),
};
