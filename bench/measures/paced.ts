import type { Measure } from '../measure.ts';
import { since } from '../meter.ts';
import { useWarm } from '../session.ts';

const COUNT = 200;
const EVERY_MS = 50;

/** A busy page: one event each 50 ms for 10 s. */
export const paced: Measure = {
  key: 'paced',
  runs: (_candidate, asked) => Math.min(asked, 2),
  together: true,
  run: (browser, candidate) =>
    useWarm(browser, candidate, async ({ page, arrivals, sent }) => {
      const before = sent();
      await page.evaluate(([count, everyMs]) => window.bench.paced(1, count, everyMs), [
        COUNT,
        EVERY_MS,
      ] as const);
      const { lost } = await arrivals.all(1, COUNT);
      const { requests, bytes } = since(sent(), before);
      return { values: { 'paced-bytes': bytes / COUNT, 'paced-requests': requests }, lost };
    }),
};
