import { setTimeout as wait } from 'node:timers/promises';
import type { Measure } from '../measure.ts';
import type { TimerCounts } from '../page/timers.ts';
import { COUNT_TIMERS, useWarm, type Session } from '../session.ts';

const WINDOW_MS = 10_000;
/** Until what delivery or hiding has led to is over. */
const CALM_MS = 2_000;

/** A page where nothing happens any more: its event has arrived. First it is seen, then it is hidden. */
export const idle: Measure = {
  key: 'idle',
  // Half a minute, for numbers that are always the same.
  runs: () => 1,
  together: true,
  run: (browser, candidate) =>
    useWarm(
      browser,
      candidate,
      async (session) => {
        await session.devTools.send('Performance.enable');
        await wait(CALM_MS);
        const seen = await watch(session);
        await session.page.evaluate(() => window.bench.hide());
        await wait(CALM_MS);
        const hidden = await watch(session);
        return {
          values: {
            'idle-timers': seen.timers,
            'idle-script': seen.scriptMs,
            'idle-tasks': seen.taskMs,
            'hidden-timers': hidden.timers,
            'hidden-script': hidden.scriptMs,
            'hidden-tasks': hidden.taskMs,
          },
          lost: 0,
        };
      },
      [COUNT_TIMERS],
    ),
};

interface Activity {
  /** That waited at the end, or ran meanwhile. */
  readonly timers: number;
  readonly scriptMs: number;
  readonly taskMs: number;
}

async function watch({ page, devTools }: Session): Promise<Activity> {
  const timers = (): Promise<TimerCounts> => page.evaluate(() => window.timerCounts());
  const before = await timers();
  const busyBefore = await devTools.send('Performance.getMetrics');
  await wait(WINDOW_MS);
  const busyAfter = await devTools.send('Performance.getMetrics');
  const after = await timers();
  const between = (name: string): number => msOf(name, busyAfter) - msOf(name, busyBefore);
  return {
    timers: after.waiting + after.fired - before.fired,
    scriptMs: between('ScriptDuration'),
    taskMs: between('TaskDuration'),
  };
}

function msOf(name: string, { metrics }: Metrics): number {
  const metric = metrics.find((each) => each.name === name);
  if (!metric) throw new Error(`Chromium does not tell ${name}`);
  return metric.value * 1_000;
}

interface Metrics {
  readonly metrics: readonly { readonly name: string; readonly value: number }[];
}
