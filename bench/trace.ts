import type { CDPSession } from 'playwright';
import { MEASURED_MARK } from './page/marks.ts';

/** Tasks of the page's main thread, as the browser's own trace has them. */
export interface Tasks {
  /** Processor time of the task that is marked. */
  readonly cpuMs: number;
  /** The longest task that began after it. */
  readonly longestAfterMs: number;
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** All in microseconds; `tdur` is processor time. */
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
}

/** Starts to trace; the answer stops, and tells what was seen. */
export async function traceTasks(devTools: CDPSession): Promise<() => Promise<Tasks>> {
  const events: TraceEvent[] = [];
  devTools.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await devTools.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: {
      recordMode: 'recordAsMuchAsPossible',
      includedCategories: ['disabled-by-default-devtools.timeline', 'blink.user_timing'],
      excludedCategories: ['*'],
    },
  });
  return async () => {
    const complete = new Promise((resolve) => void devTools.once('Tracing.tracingComplete', resolve));
    await devTools.send('Tracing.end');
    await complete;
    return tasksIn(events);
  };
}

export function tasksIn(events: readonly TraceEvent[]): Tasks {
  const mark = events.find(({ name }) => name === MEASURED_MARK);
  if (!mark) throw new Error('The trace does not have the mark');
  const tasks = events.filter(
    ({ name, pid, tid }) => name === 'RunTask' && pid === mark.pid && tid === mark.tid,
  );
  const marked = tasks.find(({ ts, dur = 0 }) => ts <= mark.ts && ts + dur >= mark.ts);
  if (!marked) throw new Error('The trace does not have the marked task');
  const after = tasks.filter(({ ts }) => ts > mark.ts);
  return {
    cpuMs: (marked.tdur ?? 0) / 1_000,
    longestAfterMs: after.reduce((longest, { dur = 0 }) => Math.max(longest, dur), 0) / 1_000,
  };
}
