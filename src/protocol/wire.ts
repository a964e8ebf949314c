/** What client and proxy agree on: paths, header names, the shape of a batch, error codes, and the codec of the client key. */

/** Where batches go, below `proxyUrl`. */
export const BATCH_PATH = '/v1/batch';

/** Private calls, below `proxyUrl`: a POST with a customer token, whose subject is the person that is meant. */
export const ATTRIBUTES_PATH = '/v1/customers/attributes';
/** Reads the subscriptions of a person, and writes them when the body has `topics`. */
export const CATEGORIES_PATH = '/v1/consent/categories';
export const INBOX_FETCH_PATH = '/v1/inbox/fetch';
/** The body is `{ id }`, as for {@link INBOX_DELETE_PATH}. */
export const INBOX_READ_PATH = '/v1/inbox/mark-as-read';
export const INBOX_DELETE_PATH = '/v1/inbox/delete';

/** Carries the client key where `Authorization` carries a customer token, or belongs to something in front of the proxy. */
export const CLIENT_KEY_HEADER = 'X-CIO-Client-Key';

/**
 * Names a request that may outlive its page: 10 to 40 letters and digits. Only where page and proxy share an origin.
 * When every event of the request has been accepted, the answer sets the cookie `cio_ack_<that name>`, which the next page
 * reads and deletes: a cookie is the only thing that an answer can leave behind when nobody reads it any more.
 */
export const ACK_HEADER = 'X-CIO-Ack';
export const ACK_COOKIE_PREFIX = 'cio_ack_';

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

/** Why the proxy does not take a customer token (401 `invalid_token`). */
export type TokenRejection =
  | 'missing'
  | 'malformed'
  | 'expired'
  | 'not_yet'
  | 'signature'
  | 'issuer'
  | 'audience'
  | 'algorithm'
  | 'no_subject';

/** The body of every answer of the proxy that is not 2xx. */
export interface ErrorBody {
  readonly error: string;
  readonly message: string;
  /** The proxy's clock, in milliseconds since the epoch. */
  readonly serverTime: number;
  /** With `invalid_token` only. */
  readonly reason?: TokenRejection;
}

/** An event that was refused by itself, while the others of its batch were taken. */
export interface RejectedEvent {
  /** `null`: the event had none. */
  readonly messageId: string | null;
  /**
   * `token_required`: an event of a person, or an alias of one, without a token. `subject_mismatch`: the token is another
   * person's. `rejected`: Customer.io does not take it. `hook_failed`: a hook of the proxy failed for it, and not for others.
   */
  readonly error: 'token_required' | 'subject_mismatch' | 'rejected' | 'hook_failed';
  /** With `rejected`: what Customer.io says. */
  readonly reason?: string;
}

/** The answer to a batch: 2xx, and nothing of it needs to be sent again. */
export interface BatchAnswer {
  readonly success: true;
  /** Missing where every event was taken. */
  readonly rejected?: readonly RejectedEvent[];
}

/** The answer of {@link ATTRIBUTES_PATH}. Empty for a person whom Customer.io does not know. */
export interface AttributesAnswer {
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** One subscription topic of a person. `id` without `topic_` before it. */
export interface SubscriptionTopic {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly subscribed: boolean;
}

/** The answer of {@link CATEGORIES_PATH}. To write, send `topics` with the `id` and `subscribed` of those that change. */
export interface TopicsAnswer {
  readonly topics: readonly SubscriptionTopic[];
}

/** One message of a person's inbox. */
export interface InboxMessage {
  readonly id: string;
  readonly opened: boolean;
  /** ISO 8601, as `expiry`. */
  readonly sentAt: string;
  readonly expiry?: string;
  readonly type?: string;
  readonly topics?: readonly string[];
  readonly properties: Readonly<Record<string, unknown>>;
  /** The lower, the more important. */
  readonly priority?: number;
}

/** The answer of {@link INBOX_FETCH_PATH}, without messages that have expired. */
export interface InboxAnswer {
  readonly messages: readonly InboxMessage[];
}

let encoder: TextEncoder | undefined;
const made = (): TextEncoder => (encoder ??= new TextEncoder());

/** What counts as bytes, everywhere. Made when it is used: jsdom, in which applications are tested, has no TextEncoder. */
export const utf8: Pick<TextEncoder, 'encode' | 'encodeInto'> = {
  encode: (text) => made().encode(text),
  encodeInto: (text, room) => made().encodeInto(text, room),
};

/** A text as headers carry it: its bytes in UTF-8, a character each. */
export const inBytes = (text: string): string => String.fromCharCode(...utf8.encode(text));

/** `Basic base64(utf8(clientKey + ':'))`. RFC 7617. */
export function basicAuthorization(clientKey: string): string {
  return `Basic ${btoa(inBytes(`${clientKey}:`))}`;
}
