import { comeBackLater, refuse, type Refusal } from './response.ts';
import type { BodyLease } from './body-budget.ts';
import type { IncomingRequest, Unread } from './request.ts';
import { createTurns } from '../lib/event-loop-turns.ts';
import { createGunzip, readsGzip } from './gunzip.ts';
import { strictUtf8 } from '../lib/strict-utf8.ts';

/** The body of a request, unpacked. */
export interface Body {
  readonly kind: 'body';
  /** Without a byte order mark. */
  readonly bytes: Bytes;
  /** Of all that there was. */
  readonly length: number;
}

export type Bytes = Uint8Array<ArrayBuffer>;

const unpack = /*#__PURE__*/ createGunzip();
const takeTurn = /*#__PURE__*/ createTurns();

export interface BodyLimits {
  /** Packed, and unpacked. */
  readonly maxBodyBytes: number;
  /** For all of it to arrive. */
  readonly bodyTimeoutMs: number;
}

const ALREADY_READ =
  'Something before the proxy has read the body, and kept nothing of it: put the proxy before body parsers, or give it a request that nobody has read.';

/** Reads what says that it is JSON: right type, known encoding, within its limits. */
export async function readBody(
  incoming: IncomingRequest,
  { maxBodyBytes: maxBytes, bodyTimeoutMs: timeoutMs }: BodyLimits,
  lease: BodyLease,
): Promise<Body | Refusal> {
  const { headers } = incoming;
  if (!isJson(headers.get('Content-Type') ?? '')) {
    return refuse(415, 'unsupported_media_type', 'Content-Type must be application/json, in UTF-8.');
  }
  const encoding = (headers.get('Content-Encoding') ?? '').trim().toLowerCase();
  const packed = encoding === 'gzip' || encoding === 'x-gzip';
  if (!(packed && readsGzip) && encoding !== '' && encoding !== 'identity') {
    const readable = readsGzip ? 'gzip, or absent' : 'absent';
    return refuse(415, 'unsupported_encoding', `Content-Encoding must be ${readable}.`);
  }
  const announced = Number(headers.get('Content-Length'));
  let bytes: Bytes | Unread | 'unreadable' = 'too-large';
  if (!(announced > maxBytes)) {
    try {
      const came = await incoming.read({ maxBytes, timeoutMs, lease });
      bytes = packed && typeof came !== 'string' ? await unpackHeld(came, maxBytes, lease) : came;
    } catch {
      bytes = 'unreadable';
    }
  }
  if (bytes === 'too-large') {
    return refuse(413, 'body_too_large', `A body may have ${maxBytes} bytes, also when it is unpacked.`);
  }
  if (bytes === 'too-late') {
    // What still comes would be taken for the next request.
    const headers = { 'Retry-After': '5', Connection: 'close' };
    return refuse(408, 'body_timeout', `The body has not arrived within ${timeoutMs} ms.`, { headers });
  }
  if (bytes === 'no-room') {
    const detail = 'The bodies that are under way fill "maxInFlightBytes".';
    return comeBackLater('overloaded', 'Too much is under way: send it again.', { detail });
  }
  if (bytes === 'already-read') {
    // The server is at fault: 400 would have the browser drop the events.
    return comeBackLater('body_already_read', ALREADY_READ, { detail: ALREADY_READ });
  }
  if (bytes === 'unreadable') {
    return refuse(400, 'invalid_encoding', `The body ${packed ? 'is not valid gzip' : 'could not be read'}.`);
  }
  return { kind: 'body', bytes: withoutMark(bytes), length: bytes.length };
}

export function textOfBody(bytes: Bytes): string | Refusal {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return refuse(400, 'invalid_utf8', 'The body is not valid UTF-8.');
  }
}

/** @throws where it is no gzip */
async function unpackHeld(came: Bytes, maxBytes: number, lease: BodyLease): Promise<Bytes | Unread> {
  // The body waits packed, as it came.
  await takeTurn();
  // Its unpacked length is not known before: as much as a body may have is reserved.
  if (!lease.hold(came.length + maxBytes)) return 'no-room';
  const bytes = await unpack(came, maxBytes);
  lease.hold(typeof bytes === 'string' ? 0 : bytes.length);
  return bytes;
}

/** A byte order mark is no JSON (RFC 8259 8.1), and a parser may overlook one. */
function withoutMark(bytes: Bytes): Bytes {
  const isMarked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return isMarked ? bytes.subarray(3) : bytes;
}

function isJson(contentType: string): boolean {
  if (contentType === 'application/json') return true;
  const [type = '', ...parameters] = contentType
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='));
  return type === 'application/json' && /^(charset="?utf-?8"?)?$/.test(charset ?? '');
}
