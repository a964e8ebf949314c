import { comeBackLater, refuse, type Refusal } from '../http/response.ts';
import type { UpstreamAnswer } from './contract.ts';

/** The result of sending a batch. The browser deletes its events only after `delivered`. */
export type Delivery =
  | {
      readonly kind: 'delivered';
      readonly status?: number;
      /** Events of the batch that Customer.io never accepts. */
      readonly rejected?: readonly UndeliverableEvent[];
    }
  /** Customer.io refuses the data: the same batch would be refused again. */
  | { readonly kind: 'rejected'; readonly status: number; readonly reason: string }
  | { readonly kind: 'too-large'; readonly status: number }
  /** A temporary failure: the same batch can succeed later. `retryAfter` as in RFC 9110 10.2.3. */
  | {
      readonly kind: 'unavailable';
      readonly status?: number;
      readonly retryAfter?: string | undefined;
      readonly detail: string;
    }
  /** A mistake in the configuration of the proxy, which only its operator can correct: browsers keep their events. */
  | { readonly kind: 'misconfigured'; readonly status?: number; readonly detail: string };

/** An event that Customer.io does not accept, and the reason. */
export interface UndeliverableEvent {
  readonly id: string | null;
  readonly reason: string;
}

/**
 * Translates the response of Customer.io to a batch in strict mode. https://docs.customer.io/integrations/api/cdp/
 *
 * @param secrets texts that are never passed on: a reason that contains one of them is left out
 */
export async function deliveryOf(response: UpstreamAnswer, secrets: readonly string[]): Promise<Delivery> {
  const { status } = response;
  // The body is always read: an unread body blocks the connection for the next request.
  const reading = response.text().catch(() => '');
  // The status decides: the events are accepted, even if the body never arrives in full.
  if (response.ok) return { kind: 'delivered', status };
  const text = await reading;
  switch (status) {
    case 400:
    case 422:
      return { kind: 'rejected', status, reason: reasonIn(text, secrets) };
    case 413:
      return { kind: 'too-large', status };
    case 401:
    case 403:
      return {
        kind: 'misconfigured',
        status,
        detail: `Customer.io refused the write key (${status}): correct the key (CIO_WRITE_KEY) or the region (CIO_REGION).`,
      };
    case 404:
    case 405:
      return {
        kind: 'misconfigured',
        status,
        detail: `The upstream URL accepts no batches (${status}): correct "upstreamUrl" (CIO_UPSTREAM_URL).`,
      };
    default:
      return {
        kind: 'unavailable',
        status,
        retryAfter: retryAfterOf(response),
        detail: `Customer.io returned ${status}.`,
      };
  }
}

/** The response to the browser when its batch was not delivered. */
export function refusalOf(delivery: Exclude<Delivery, { kind: 'delivered' }>): Refusal {
  if (delivery.kind === 'rejected') {
    return refuse(
      400,
      'rejected',
      `Customer.io rejected the batch${delivery.reason && `: ${delivery.reason}`}.`,
    );
  }
  if (delivery.kind === 'too-large')
    return refuse(413, 'batch_too_large', 'The batch is too large for Customer.io.');
  const { kind, detail } = delivery;
  if (kind === 'unavailable') {
    const { retryAfter } = delivery;
    return comeBackLater('upstream_unavailable', 'Customer.io has not accepted the batch: send it again.', {
      retryAfter,
      detail,
    });
  }
  const message = 'The proxy cannot deliver until its operator corrects it.';
  return comeBackLater('upstream_misconfigured', message, { retryAfter: '60', detail });
}

/** Returns the value of `Retry-After`, seconds or a date; `undefined` without one, or when it is neither. */
export function retryAfterOf(response: Pick<UpstreamAnswer, 'headers'>): string | undefined {
  const value = response.headers.get('Retry-After')?.trim() ?? '';
  return /^\d+$/.test(value) || !Number.isNaN(Date.parse(value)) ? value : undefined;
}

/**
 * Reads `{"meta":{"errors":[string]}}`, at most 300 characters. An upstream may repeat what it was sent, a secret among
 * it.
 */
function reasonIn(text: string, secrets: readonly string[]): string {
  try {
    const { meta } = JSON.parse(text) as { meta?: { errors?: unknown } };
    const reason = Array.isArray(meta?.errors) ? meta.errors.join('; ') : '';
    return secrets.some((secret) => reason.includes(secret)) ? '' : reason.slice(0, 300);
  } catch {
    return '';
  }
}
