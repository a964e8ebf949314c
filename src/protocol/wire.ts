/** The protocol between SDK and proxy: paths, header names, the shape of a batch, error codes, and the encoding of the client key. */

/** Path of batches of events, below `proxyUrl`. */
export const BATCH_PATH = '/v1/batch';

/** Path of private calls, below `proxyUrl`: a POST with a customer token. The call is about the subject of that token. */
export const ATTRIBUTES_PATH = '/v1/customers/attributes';
/** Path that reads the subscriptions of a person, and writes them when the body has `topics`. */
export const CATEGORIES_PATH = '/v1/consent/categories';
/** Path that returns the messages of a person's inbox. */
export const INBOX_FETCH_PATH = '/v1/inbox/fetch';
/** Path that marks a message as read, or as not read. The body is `{ id, opened }`; `opened` is true by default. */
export const INBOX_READ_PATH = '/v1/inbox/mark-as-read';
/** Path that deletes a message. The body is `{ id }`. */
export const INBOX_DELETE_PATH = '/v1/inbox/delete';

/** Path that returns the in-app messages and the inbox of a person, or the messages of an anonymous visitor. */
export const MESSAGES_FETCH_PATH = '/v1/messages/fetch';
/** Path that says that a message was shown, so that the service does not return it again. The body is `{ id }`. */
export const MESSAGES_SEEN_PATH = '/v1/messages/seen';
/** Path that reports that a message was opened or clicked. The body is a {@link MetricBody}. */
export const MESSAGES_METRIC_PATH = '/v1/messages/metric';
/** Path of the stream of new messages of a person, as server-sent events. */
export const MESSAGES_STREAM_PATH = '/v1/messages/stream';
/** Beginning of the paths of the page that draws messages, `index.html`, and of its files. */
export const FRAME_PREFIX = '/v1/frame/';

/** Header with the client key, where `Authorization` carries a customer token or belongs to a server in front of the proxy. */
export const CLIENT_KEY_HEADER = 'X-CIO-Client-Key';

/**
 * Header with the name of a request that may outlive its page: 10 to 40 letters and digits. The SDK sends this header only if page
 * and proxy share an origin. When the proxy has accepted every event of the request, the response sets the cookie
 * `cio_ack_<that name>`, which the next page reads and deletes. After the visitor has left the page, a cookie is the only part of a
 * response that the browser stores.
 */
export const ACK_HEADER = 'X-CIO-Ack';
/** Beginning of the name of the cookie that a response to a request with {@link ACK_HEADER} sets. */
export const ACK_COOKIE_PREFIX = 'cio_ack_';

/** The six calls of Customer.io's Pipelines API. https://docs.customer.io/integrations/api/cdp/ */
export const EVENT_TYPES = ['identify', 'track', 'page', 'screen', 'group', 'alias'] as const;
/** The type of an event: the name of the call that makes it. */
export type EventType = (typeof EVENT_TYPES)[number];

/** The largest event that Customer.io accepts, in bytes of JSON. https://docs.customer.io/integrations/api/cdp/ */
export const MAX_EVENT_BYTES = 32_000;

/**
 * An event in the form in which the browser sends it to the proxy, and the proxy to Customer.io. Identity, time and page are those
 * of the call.
 */
export interface WireEvent {
  /** The call that has made the event. */
  readonly type: EventType;
  /** The event's id, the same in every retry: a ULID of 26 characters, if this package has made it. */
  readonly messageId: string;
  /** Time of the call, in ISO 8601. */
  readonly timestamp: string;
  /** Id of the visitor's browser. Missing if the site stores none. */
  readonly anonymousId?: string;
  /** Id of the person. Missing for an anonymous visitor. */
  readonly userId?: string;
  /** Name of the event, for `track`. */
  readonly event?: string;
  /** Name of the page or screen, for `page` and `screen`. */
  readonly name?: string;
  /** Category of the page or screen, for `page` and `screen`. */
  readonly category?: string;
  /** Id of the group, for `group`. */
  readonly groupId?: string;
  /** The id that `userId` replaces, for `alias`. */
  readonly previousId?: string;
  /** Properties of the event, page or screen, for `track`, `page` and `screen`. */
  readonly properties?: Readonly<Record<string, unknown>>;
  /** Traits of the person or group, for `identify` and `group`. */
  readonly traits?: Readonly<Record<string, unknown>>;
  /** Page, campaign, locale, user agent, library and consent of the call, and the fields that the application has added. */
  readonly context: Readonly<Record<string, unknown>>;
  /** Destinations that get the event: `{ All: true, Name: false }`. */
  readonly integrations?: Readonly<Record<string, unknown>>;
}

/**
 * Why the proxy refuses a customer token (401 `invalid_token`).
 *
 * - `missing`: there is no token
 * - `malformed`: the token is not a JWT, has no `exp`, or is longer than 8 KiB
 * - `expired`, `not_yet`: the token has expired, or is not valid yet
 * - `signature`: the signature is wrong, or its key is unknown
 * - `issuer`, `audience`: the proxy does not allow this `iss` or `aud`
 * - `algorithm`: the proxy does not allow this algorithm
 * - `no_subject`: the token has no `sub`
 */
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

/** The body of every response of the proxy that is not 2xx. */
export interface ErrorBody {
  /** The stable code, such as `rate_limited`: compare this field. */
  readonly error: string;
  /** An explanation for people. */
  readonly message: string;
  /** Time by the proxy's clock, in milliseconds since the epoch. */
  readonly serverTime: number;
  /** With `invalid_token` only: why the token is refused. */
  readonly reason?: TokenRejection;
}

/** An event that was refused alone: other events of its batch may have been accepted. */
export interface RejectedEvent {
  /** Id of the event. `null`: the event had none. */
  readonly messageId: string | null;
  /**
   * - `token_required`: an event of a person, or an alias of a person, was sent without a token
   * - `subject_mismatch`: the token names another person
   * - `rejected`: Customer.io refuses the event, or the event is a metric whose handle is not valid
   * - `hook_failed`: a hook of the proxy failed for this event, and not for others
   */
  readonly error: 'token_required' | 'subject_mismatch' | 'rejected' | 'hook_failed';
  /** With `rejected`: the reason of Customer.io or of the proxy. */
  readonly reason?: string;
}

/** The body of a 2xx response to a batch: no event of the batch needs to be sent again. */
export interface BatchAnswer {
  /** Always true. */
  readonly success: true;
  /** Events that were refused. Missing if every event was accepted. */
  readonly rejected?: readonly RejectedEvent[];
}

/** The body of a 2xx response of `/v1/customers/attributes`. */
export interface AttributesAnswer {
  /** The person's attributes. Empty for a person whom Customer.io does not know. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A subscription topic, and whether the person has subscribed to it. */
export interface SubscriptionTopic {
  /** Id of the topic, without the prefix `topic_`. */
  readonly id: string;
  /** Name of the topic, for people. */
  readonly name: string;
  /** Description of the topic, for people. Missing if Customer.io has none. */
  readonly description?: string;
  /** Whether the person has subscribed. */
  readonly subscribed: boolean;
}

/**
 * The body of a 2xx response of `/v1/consent/categories`. To write, send `topics` with the `id` and `subscribed` of the topics that
 * change.
 */
export interface TopicsAnswer {
  /** The topics, with the person's choices. Empty for a person whom Customer.io does not know. */
  readonly topics: readonly SubscriptionTopic[];
}

/** A message of a person's inbox. */
export interface InboxMessage {
  /** Id of the message, for `markAsRead` and `delete`. */
  readonly id: string;
  /** Whether the person has opened the message. */
  readonly opened: boolean;
  /** When the message was sent, in ISO 8601. */
  readonly sentAt: string;
  /** When the message expires, in ISO 8601. Missing if the message does not expire. */
  readonly expiry?: string;
  /** The message's type, as it is set in Customer.io. */
  readonly type?: string;
  /** The message's topics, as they are set in Customer.io. */
  readonly topics?: readonly string[];
  /** The message's content: the fields that are set in Customer.io. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** Importance: a lower number is more important. */
  readonly priority?: number;
}

/** The body of a 2xx response of `/v1/inbox/fetch`. */
export interface InboxAnswer {
  /** The person's messages, without those that have expired. */
  readonly messages: readonly InboxMessage[];
}

let encoder: TextEncoder | undefined;
const made = (): TextEncoder => (encoder ??= new TextEncoder());

/**
 * Encodes UTF-8, in which all sizes are counted. The encoder is made at its first use, because jsdom, in which applications are
 * tested, has none.
 */
export const utf8: Pick<TextEncoder, 'encode' | 'encodeInto'> = {
  encode: (text) => made().encode(text),
  encodeInto: (text, room) => made().encodeInto(text, room),
};

/** Converts a text to the form that headers can carry: each byte of its UTF-8 is one character. */
export const inBytes = (text: string): string => String.fromCharCode(...utf8.encode(text));

/** The value of the header with the client key: `Basic base64(utf8(clientKey + ':'))`. RFC 7617. */
export function basicAuthorization(clientKey: string): string {
  return `Basic ${btoa(inBytes(`${clientKey}:`))}`;
}
