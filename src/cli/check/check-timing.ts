import { type Finding, pass, skip, warning } from './result.ts';
import { answersIn, type CheckContext } from './context.ts';

/** A page that is left in the meantime never reads the answer, and its events are sent again by the next one. */
const SLOW_MS = 3_000;

/** How long the answers took. */
export function checkTiming(scene: Pick<CheckContext, 'replies'>): Promise<readonly Finding[]> {
  const times = answersIn(scene)
    .map(({ ms }) => ms)
    .sort((one, other) => one - other);
  const slowest = times.at(-1);
  if (slowest === undefined) return Promise.resolve([skip('time to answer', 'nothing was answered')]);
  const median = times[Math.floor(times.length / 2)] ?? slowest;
  const detail = `median ${median} ms, slowest ${slowest} ms of ${times.length}`;
  return Promise.resolve([
    slowest <= SLOW_MS
      ? pass('time to answer', detail)
      : warning(
          'time to answer',
          detail,
          'The SDK gives up after 15 s, and sends again what it had no answer to.',
        ),
  ]);
}
