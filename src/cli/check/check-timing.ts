import { type Finding, pass, skip, warning } from './check-result.ts';
import { answersIn, type CheckContext } from './check-context.ts';

/**
 * The slowest answer that passes. A page that the visitor leaves earlier never reads the answer, and the next page
 * sends its events again.
 */
const SLOW_MS = 3_000;

/** Checks how long the answers took. Needs no request of its own. */
export function checkTiming(context: Pick<CheckContext, 'replies'>): Promise<readonly Finding[]> {
  const times = answersIn(context)
    .map(({ ms }) => ms)
    .sort((one, other) => one - other);
  const slowest = times.at(-1);
  if (slowest === undefined) return Promise.resolve([skip('time to answer', 'there was no response')]);
  const median = times[Math.floor(times.length / 2)] ?? slowest;
  const detail = `median ${median} ms, slowest ${slowest} ms of ${times.length}`;
  return Promise.resolve([
    slowest <= SLOW_MS
      ? pass('time to answer', detail)
      : warning('time to answer', detail, 'The SDK stops waiting after 15 s, and sends the events again.'),
  ]);
}
