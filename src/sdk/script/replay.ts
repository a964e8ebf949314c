import type { Analytics } from '../api.ts';
import { pageFacts } from '../browser.ts';
import { replayFrom } from '../event/take-snapshot.ts';
import type { QueuedCall } from './queued-call.ts';

/** Makes the calls of a queue in their order, those that are queued meanwhile too; later ones at once. */
export function replay(analytics: Analytics, queue: unknown[]): void {
  const run = (call: QueuedCall): void => {
    // Whatever stands in the list, it fails alone.
    const answer = new Promise((resolve) => {
      const [name, ...args] = call;
      const now = pageFacts();
      let found: unknown = analytics;
      // Only what the stub can know: a name from a list must not reach anything else.
      for (const part of (name as string).split('.'))
        found = Object.hasOwn(found as object, part) && (found as Record<string, unknown>)[part];
      // Customer.io's own snippet keeps no time. A page that was left has taken its canonical link along.
      const { at = 0, page } = call.made ?? {};
      replayFrom(
        page && {
          at,
          page: { ...now, ...page, canonical: now.href === page.href ? now.canonical : undefined },
        },
      );
      resolve((found as (...given: unknown[]) => unknown)(...args));
    });
    replayFrom(undefined);
    answer.catch(() => {});
    call?.done?.(answer);
  };
  while (queue.length) run(queue.shift() as QueuedCall);
  // Somebody may hold the stub for as long as the page lives; nobody counts what it has pushed.
  queue.push = run as unknown as typeof queue.push;
}
