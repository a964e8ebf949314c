import type { Analytics } from '../analytics.ts';

/**
 * Makes the calls that a stub has queued, in their order. The queue is a list of `[method, ...args]`, as Customer.io's own
 * snippet keeps it.
 */
export function replay(analytics: Analytics, queue: unknown): void {
  if (!Array.isArray(queue)) return;
  for (const entry of queue) {
    if (!Array.isArray(entry)) continue;
    const [name, ...args] = entry as readonly unknown[];
    // Only what the stub can know: a name from a list must not reach anything else.
    const method: unknown = Object.hasOwn(analytics, String(name)) && analytics[name as keyof Analytics];
    if (typeof method === 'function') method.apply(analytics, args);
  }
}
