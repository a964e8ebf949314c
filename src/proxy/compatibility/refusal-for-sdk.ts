import { comeBackLater, type Refusal } from '../http/response.ts';
import type { SdkCall } from '../http/routes.ts';

/**
 * Changes the status of a refusal to one after which other SDKs do what this SDK would do.
 *
 * - The iOS SDK drops a batch only after 400, and repeats it after every other error. So a batch that is too large gets 400.
 * - The Android SDK drops a batch after every 4xx except 429. So a body that has arrived too slowly gets 503.
 *
 * @param call `undefined` for the path of batches of this SDK, whose refusals stay as they are
 */
export function refusalFor(call: SdkCall | undefined, refusal: Refusal): Refusal {
  if (call === undefined) return refusal;
  if (refusal.status === 408) return { ...refusal, status: 503 };
  return call === 'batch' && refusal.status === 413 ? { ...refusal, status: 400 } : refusal;
}

/**
 * The refusal of a batch in which the proxy had no time, or no requests left, to search for the event that Customer.io rejects. This
 * SDK searches itself. Other SDKs must send the batch again: the proxy does not send the delivered events a second time.
 */
export function notSearched(call: SdkCall | undefined, refusal: Refusal): Refusal {
  if (call === undefined || refusal.code !== 'rejected') return refusal;
  const detail = 'Customer.io rejects an event of the batch, and the search for it has reached its limit.';
  return comeBackLater('upstream_unavailable', 'Customer.io has not accepted the batch: send it again.', {
    detail,
  });
}
