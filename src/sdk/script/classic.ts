import type { Analytics } from '../api.ts';
import { replay } from './replay.ts';

/**
 * Takes over the global `_cio` of Customer.io's classic snippet, where it is still an array: makes its calls in their order, and from
 * then on at once. This code is not in a lazy file, because it is no longer than the code that would load one, and because calls must
 * pass the consent gate when they are made.
 */
export function takeOver(analytics: Analytics, page: Record<string, unknown>): void {
  const queue = page['_cio'];
  if (!Array.isArray(queue)) return;
  const identify = (person: unknown): unknown => {
    const { id, ...traits } = Object(person) as { readonly id?: string };
    return analytics.identify(id, traits);
  };
  const methods = { ...analytics, identify, sidentify: identify, load() {} };
  replay(methods, queue);
  // Functions of the snippet look up `_cio.push` when they are called. The page gets a copy: a snippet that runs once more replaces the
  // methods of `_cio` by such functions, and calls by them must still reach the SDK.
  page['_cio'] = { ...methods, push: queue.push };
}
