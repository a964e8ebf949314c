/** What client and proxy agree on: paths, header names, the shape of a batch, error codes, and the codec of the client key. */

/** Where batches go, below `proxyUrl`. */
export const BATCH_PATH = '/v1/batch';

/** Carries the client key when `Authorization` carries a customer token. */
export const CLIENT_KEY_HEADER = 'X-CIO-Client-Key';

/** The six calls of Customer.io's Pipelines API. https://docs.customer.io/integrations/api/cdp/ */
export const EVENT_TYPES = ['identify', 'track', 'page', 'screen', 'group', 'alias'] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** Largest event that Customer.io takes, in bytes of JSON. https://docs.customer.io/integrations/api/cdp/ */
export const MAX_EVENT_BYTES = 32_000;

/** One event as it travels. Identity, time and page are those of the call. */
export interface WireEvent {
  readonly type: EventType;
  readonly messageId: string;
  /** ISO 8601. */
  readonly timestamp: string;
  readonly anonymousId?: string;
  readonly userId?: string;
  readonly event?: string;
  readonly name?: string;
  readonly category?: string;
  readonly groupId?: string;
  readonly previousId?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly traits?: Readonly<Record<string, unknown>>;
  readonly context: Readonly<Record<string, unknown>>;
  readonly integrations?: Readonly<Record<string, unknown>>;
}

/** The body of every answer of the proxy that is not 2xx. */
export interface ErrorBody {
  readonly error: string;
  readonly message: string;
  /** The proxy's clock, in milliseconds since the epoch. */
  readonly serverTime: number;
}

/** `Basic base64(utf8(clientKey + ':'))`. RFC 7617. */
export function basicAuthorization(clientKey: string): string {
  return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${clientKey}:`)))}`;
}
