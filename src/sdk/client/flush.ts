import type { Analytics, FlushResult } from '../api.ts';
import { clock } from '../browser.ts';
import type { Core } from '../core/contract.ts';
import { totalDropped } from '../outbox/contract.ts';

const FLUSH_TIMEOUT_MS = 10_000;

/** Sends all events now. Resolves with what became of them, as `Analytics.flush` does. */
export async function flushCore(
  core: Core | undefined,
  stats: Analytics['stats'],
  on: (name: 'delivered' | 'dropped', listener: () => void) => () => void,
  timeoutMs: number = FLUSH_TIMEOUT_MS,
): Promise<FlushResult> {
  const before = stats();
  // Without a core nothing is sent, and there is nothing to wait for.
  if (core) {
    const stops: (() => void)[] = [];
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!stats().pending) resolve();
      };
      // Where another tab is the leader, the events tell what it has sent.
      stops.push(clock.after(timeoutMs, resolve), on('delivered', look), on('dropped', look));
      void core.flush().then((wasOurs) => (wasOurs ? resolve() : look()));
    });
    stops.forEach((stop) => stop());
  }
  const after = stats();
  return {
    delivered: after.delivered - before.delivered,
    pending: after.pending,
    dropped: totalDropped(after.dropped) - totalDropped(before.dropped),
  };
}
