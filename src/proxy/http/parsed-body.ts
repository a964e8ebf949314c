import { utf8 } from '../../protocol/wire.ts';
import type { Bytes } from '../lib/bytes.ts';

/** Fields that body parsers add to a request of Node. */
export interface ParsedBody {
  /** The body, parsed, or as a text, or as bytes. */
  readonly body?: unknown;
  /** The body as it was received, which Cloud Functions and Nest keep in addition to the parsed body. */
  readonly rawBody?: unknown;
}

/**
 * The bytes of a body that a framework has read before the proxy, from the values that the framework has kept; `undefined` if it
 * kept none.
 */
export function readParsedBody({ body, rawBody }: ParsedBody): Bytes | undefined {
  const kept = rawBody ?? body ?? undefined;
  if (kept === undefined) return undefined;
  if (kept instanceof Uint8Array) return new Uint8Array(kept);
  try {
    return utf8.encode(typeof kept === 'string' ? kept : JSON.stringify(kept));
  } catch {
    // The parsed value cannot be written as JSON: a parser may have made a BigInt, for example.
    return undefined;
  }
}

/**
 * Whether the bytes are gzip. Body parsers decompress the body, and keep the header `Content-Encoding: gzip`, so only the bytes
 * show the format. No JSON begins with the two bytes of gzip (RFC 1952 2.3.1).
 */
export const isGzip = (bytes: Uint8Array | undefined): boolean => bytes?.[0] === 0x1f && bytes[1] === 0x8b;
