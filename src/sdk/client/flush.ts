import type { Analytics, FlushResult } from '../api.ts';
import { clock } from '../browser.ts';
import type { Core } from '../core/contract.ts';
import { totalDropped } from '../outbox/contract.ts';

const FLUSH_TIMEOUT_MS = 10_000;

/** Sends everything now, and says what has become of it. Resolves as `Analytics.flush` does. */
export async function flushCore(
  core: Core | undefined,
  stats: Analytics['stats'],
  on: (name: 'delivered' | 'dropped', listener: () => void) => () => void,
  timeoutMs: number = FLUSH_TIMEOUT_MS,
): Promise<FlushResult> {
  const before = stats();
  await new Promise<void>((resolve) => {
    // Where nothing is sent there is nothing to wait for.
    const stops = core ? [clock.after(timeoutMs, done)] : [];
    function done(): void {
      for (const stop of stops) stop();
      resolve();
    }
    function look(): void {
      if (!stats().pending) done();
    }
    // Another tab may be the one that sends.
    for (const name of ['delivered', 'dropped'] as const) stops.push(on(name, look));
    void (core?.flush() ?? Promise.resolve(true)).then((wasOurs) => (wasOurs ? done() : look()));
  });
  const after = stats();
  return {
    delivered: after.delivered - before.delivered,
    pending: after.pending,
    dropped: totalDropped(after.dropped) - totalDropped(before.dropped),
  };
}
