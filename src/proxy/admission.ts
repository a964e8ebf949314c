import { EVENT_TYPES, type WireEvent } from '../wire.ts';
import { refuse, type Refusal } from './answer.ts';
import { findVerbatim } from './verbatim.ts';

/** An event that may pass, and its JSON. */
export interface Parcel {
  /** Its `messageId`, as the browser knows it. `null`: it has none. */
  readonly id: string | null;
  readonly event: WireEvent;
  /** The bytes that came, where it may go on in them. */
  readonly json: string | Uint8Array;
}

export interface Admitted {
  readonly kind: 'admitted';
  readonly parcels: readonly Parcel[];
  readonly sentAt: string | undefined;
  /** The whole body as it came, where it may go on so. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
}

export interface AdmissionLimits {
  readonly maxEvents: number;
  /** Bytes of JSON, in UTF-8. */
  readonly maxEventBytes: number;
}

/**
 * `track` calls that delete, suppress or forge: a key that every visitor has must never send them.
 * https://docs.customer.io/integrations/data-in/semantic-events/cio-journeys/
 */
const PRIVILEGED_EVENTS: ReadonlySet<string> = new Set(
  [
    'User Deleted',
    'User Suppressed',
    'User Unsuppressed',
    'Object Deleted',
    'Relationship Deleted',
    'Device Created or Updated',
    'Device Deleted',
    'Report Delivery Event',
    'Report Content Event',
  ].map((name) => name.toLowerCase()),
);

const KNOWN_TYPES: ReadonlySet<unknown> = new Set(EVENT_TYPES);
const GUARDED_FIELDS: ReadonlySet<string> = new Set(['type', 'event', 'context']);

/**
 * Takes a batch apart and judges it whole: one event that may not pass refuses all, so that the sender finds it by halving.
 * @param bytes of which `text` was read; without them every event is written anew
 */
export function admit(
  text: string,
  { maxEvents, maxEventBytes }: AdmissionLimits,
  bytes?: Uint8Array<ArrayBuffer>,
): Admitted | Refusal {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return refuse(400, 'invalid_json', 'The body is not valid JSON.');
  }
  if (!isRecord(body) || !Array.isArray(body['batch'])) {
    return refuse(400, 'invalid_batch', 'The body must be {"batch": [events]}.');
  }
  const { batch, sentAt } = body as { batch: readonly unknown[]; sentAt?: unknown };
  if (batch.length > maxEvents) {
    return refuse(413, 'too_many_events', `A batch may have at most ${maxEvents} events.`);
  }
  const verbatim = bytes && findVerbatim(bytes, body, batch, maxEventBytes);
  const parcels: Parcel[] = [];
  for (const [index, event] of batch.entries()) {
    const span = verbatim?.spans[index];
    const asCame = span && bytes?.subarray(span.from, span.to);
    const parcel = admitEvent(event, `batch[${index}]`, maxEventBytes, asCame);
    if ('kind' in parcel) return parcel;
    parcels.push(parcel);
  }
  // Anything else at the top (a write key, a context for all events) would pass by the checks of single events.
  return {
    kind: 'admitted',
    parcels,
    sentAt: typeof sentAt === 'string' ? sentAt : undefined,
    bytes: verbatim?.isWhole ? bytes : undefined,
  };
}

function admitEvent(
  event: unknown,
  where: string,
  maxBytes: number,
  asCame: Uint8Array | undefined,
): Parcel | Refusal {
  const invalid = (what: string): Refusal => refuse(400, 'invalid_event', where + what);

  if (!isRecord(event)) return invalid(' must be an object.');
  const { type, event: name } = event;
  if (!KNOWN_TYPES.has(type)) return invalid(`.type must be one of ${EVENT_TYPES.join(', ')}.`);
  // Some servers read field names whatever their case: the field that is checked here must be the one that they see.
  const twin = Object.keys(event).find(
    (key) => !GUARDED_FIELDS.has(key) && GUARDED_FIELDS.has(key.toLowerCase()),
  );
  if (twin !== undefined) return invalid(` may not have a field "${twin}".`);
  // Destinations choose by this field alone, on every type, and compare it as text: ["User Deleted"] would match.
  if (typeof name !== 'string' && (type === 'track' || name !== undefined))
    return invalid('.event must be a string.');
  if (typeof name === 'string' && PRIVILEGED_EVENTS.has(name.trim().toLowerCase())) {
    const message = `${where}: a client key may not send "${name.trim()}". Send it from your server.`;
    return refuse(400, 'privileged_event', message);
  }
  // What the proxy relies on has been looked at; Customer.io judges the rest, in strict mode.
  const { messageId } = event;
  const id = typeof messageId === 'string' ? messageId : null;
  const passing = event as unknown as WireEvent;
  if (asCame) return { id, event: passing, json: asCame };

  const text = toJson(event);
  if (text === null) return invalid(' is nested too deeply.');
  if (bytesOf(text, maxBytes) > maxBytes) {
    return refuse(413, 'event_too_large', `${where} may have at most ${maxBytes} bytes of JSON.`);
  }
  return { id, event: passing, json: text };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toJson(value: object): string | null {
  try {
    return JSON.stringify(value);
  } catch {
    // JSON.parse reads deeper than JSON.stringify can write.
    return null;
  }
}

function bytesOf(text: string, enough: number): number {
  // A UTF-16 unit is at most three bytes of UTF-8.
  return text.length * 3 <= enough ? text.length : new TextEncoder().encode(text).length;
}
