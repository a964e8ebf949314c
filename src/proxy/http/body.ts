import { comeBackLater, refuse, type Refusal } from './response.ts';
import type { BodyLease } from './body-budget.ts';
import type { Bytes } from '../lib/bytes.ts';
import type { IncomingRequest, Unread } from './request.ts';
import { createTurns } from '../lib/event-loop-turns.ts';
import { createGunzip, readsGzip } from './gunzip.ts';
import { strictUtf8 } from '../lib/strict-utf8.ts';

/** The body of a request, decompressed. */
export interface Body {
  readonly kind: 'body';
  /** The content, without a byte order mark. */
  readonly bytes: Bytes;
  /** The number of bytes after decompression, with the byte order mark. */
  readonly length: number;
}

const unpack = /*#__PURE__*/ createGunzip();
const takeTurn = /*#__PURE__*/ createTurns();

export interface BodyLimits {
  /** The maximum size of a body in bytes, compressed as well as decompressed. */
  readonly maxBodyBytes: number;
  /** How long the whole body may take to arrive, in milliseconds. */
  readonly bodyTimeoutMs: number;
}

const ALREADY_READ =
  'The body was read before the proxy got the request, and was not kept: put the proxy before body parsers, or pass it an unread request.';

/** Reads a body whose headers name JSON and a known encoding, within the limits, and unpacks it. Does not parse the JSON. */
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
  const announcedBytes = Number(headers.get('Content-Length'));
  let bytes: Bytes | Unread | 'unreadable' = 'too-large';
  if (!(announcedBytes > maxBytes)) {
    try {
      const received = await incoming.read({ maxBytes, timeoutMs, lease });
      bytes = packed && typeof received !== 'string' ? await unpackHeld(received, maxBytes, lease) : received;
    } catch {
      bytes = 'unreadable';
    }
  }
  if (bytes === 'too-large') {
    return refuse(
      413,
      'body_too_large',
      `The body may have at most ${maxBytes} bytes, also after decompression.`,
    );
  }
  if (bytes === 'too-late') {
    // The connection is closed, because the rest of the body would be read as the next request on it.
    const headers = { 'Retry-After': '5', Connection: 'close' };
    return refuse(408, 'body_timeout', `The body has not arrived within ${timeoutMs} ms.`, { headers });
  }
  if (bytes === 'no-room') {
    const detail = 'The request bodies in memory have reached "maxInFlightBytes" (CIO_MAX_IN_FLIGHT_BYTES).';
    return comeBackLater('overloaded', 'The proxy is overloaded: send the request again.', { detail });
  }
  if (bytes === 'already-read') {
    // The fault is the server's, so the response is 503: for 400 the browser would drop the events.
    return comeBackLater('body_already_read', ALREADY_READ, { detail: ALREADY_READ });
  }
  if (bytes === 'unreadable') {
    return refuse(400, 'invalid_encoding', `The body ${packed ? 'is not valid gzip' : 'could not be read'}.`);
  }
  return { kind: 'body', bytes: withoutMark(bytes), length: bytes.length };
}

/** Decodes the bytes of a body, or refuses them (400) where they are not UTF-8. */
export function textOfBody(bytes: Bytes): string | Refusal {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return refuse(400, 'invalid_utf8', 'The body is not valid UTF-8.');
  }
}

/** Decompresses gzip, and adds the decompressed bytes to the lease. @throws if the bytes are not gzip */
async function unpackHeld(packed: Bytes, maxBytes: number, lease: BodyLease): Promise<Bytes | Unread> {
  // The body waits for its turn before it is decompressed, so that it takes less memory meanwhile.
  await takeTurn();
  // The length after decompression is not known in advance, so the most bytes that a body may have are reserved.
  if (!lease.hold(packed.length + maxBytes)) return 'no-room';
  const bytes = await unpack(packed, maxBytes);
  lease.hold(typeof bytes === 'string' ? 0 : bytes.length);
  return bytes;
}

/** Removes a byte order mark: JSON must not begin with one, and a parser may ignore it (RFC 8259 8.1). */
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
