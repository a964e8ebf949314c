import { comeBackLater, refuse, type Refusal } from '../http/response.ts';
import type { UpstreamAnswer } from './contract.ts';

/** What became of a batch. Only `delivered` lets the browser forget it. */
export type Delivery =
  | {
      readonly kind: 'delivered';
      readonly status?: number;
      /** Those of the batch that never will be. */
      readonly rejected?: readonly UndeliverableEvent[];
    }
  /** The data is at fault. */
  | { readonly kind: 'rejected'; readonly status: number; readonly reason: string }
  | { readonly kind: 'too-large'; readonly status: number }
  /** Weather. `retryAfter` as in RFC 9110 10.2.3. */
  | {
      readonly kind: 'unavailable';
      readonly status?: number;
      readonly retryAfter?: string | undefined;
      readonly detail: string;
    }
  /** The operator's mistake: visitors must not lose events over it. */
  | { readonly kind: 'misconfigured'; readonly status?: number; readonly detail: string };

/** An event that Customer.io does not take, and why. */
export interface UndeliverableEvent {
  readonly id: string | null;
  readonly reason: string;
}

/**
 * What an answer of Customer.io to a batch in strict mode means. https://docs.customer.io/integrations/api/cdp/
 *
 * @param secrets what is never passed on, whatever the answer says
 */
export async function deliveryOf(response: UpstreamAnswer, secrets: readonly string[]): Promise<Delivery> {
  const { status } = response;
  // Read also when nobody wants it: an unread body keeps its connection from the next request.
  const reading = response.text().catch(() => '');
  // Accepted is accepted, also where the rest of the answer never comes.
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
      return { kind: 'misconfigured', status, detail: `Customer.io refused the write key (${status}).` };
    case 404:
    case 405:
      return {
        kind: 'misconfigured',
        status,
        detail: `No batches are taken at the upstream's address (${status}).`,
      };
    default:
      return {
        kind: 'unavailable',
        status,
        retryAfter: retryAfterOf(response),
        detail: `Upstream answered ${status}.`,
      };
  }
}

/** What the browser is told when a batch was not delivered. */
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

/** What a server says of when to come back, if it makes sense. */
export function retryAfterOf(response: Pick<UpstreamAnswer, 'headers'>): string | undefined {
  const value = response.headers.get('Retry-After')?.trim() ?? '';
  return /^\d+$/.test(value) || !Number.isNaN(Date.parse(value)) ? value : undefined;
}

/** `{"meta":{"errors":[string]}}`, cut to a length for people. An upstream may repeat what it was told. */
function reasonIn(text: string, secrets: readonly string[]): string {
  try {
    const { meta } = JSON.parse(text) as { meta?: { errors?: unknown } };
    const reason = Array.isArray(meta?.errors) ? meta.errors.join('; ') : '';
    return secrets.some((secret) => reason.includes(secret)) ? '' : reason.slice(0, 300);
  } catch {
    return '';
  }
}
