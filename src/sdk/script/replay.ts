import { pageFacts } from '../browser.ts';
import { replayFrom } from '../event/take-snapshot.ts';
import type { QueuedCall } from './queued-call.ts';

/**
 * Makes the calls of a queue by these methods, in their order, also those that are added meanwhile. Calls that are added later are made
 * at once.
 */
export function replay(methods: object, queue: unknown[]): void {
  const run = (call: QueuedCall): void => {
    // A wrong entry of the list rejects its own promise alone.
    const answer = new Promise((resolve) => {
      const [name, ...args] = call;
      const now = pageFacts();
      let found: unknown = methods;
      // Own properties alone: a name in the list must not reach anything that is not a method of the SDK.
      for (const part of (name as string).split('.'))
        found = Object.hasOwn(found as object, part) && (found as Record<string, unknown>)[part];
      // Customer.io's own snippet stores no time. The canonical link belongs to the current URL, so a call from another URL gets none.
      const { at = 0, page } = call.made ?? {};
      replayFrom(
        page && {
          at,
          page: { ...now, ...page, canonical: now.href === page.href ? now.canonical : undefined },
        },
      );
      resolve((found as (...values: unknown[]) => unknown)(...args));
    });
    replayFrom(undefined);
    answer.catch(() => {});
    call?.done?.(answer);
  };
  while (queue.length) run(queue.shift() as QueuedCall);
  // Code of the page may hold the stub, and push to it, for as long as the page lives; its return value is not used.
  queue.push = run as unknown as typeof queue.push;
}
