import { utf8 } from '../../protocol/wire.ts';
import type { Bytes } from './body.ts';

/** Fields that body parsers leave on a request of Node. */
export interface ParsedBody {
  /** Parsed, or as a text, or as bytes. */
  readonly body?: unknown;
  /** As it came, which some keep beside the other: Cloud Functions, Nest. */
  readonly rawBody?: unknown;
}

/** What a framework has kept of a body that it has read before the proxy, or `undefined`. */
export function readParsedBody({ body, rawBody }: ParsedBody): Bytes | undefined {
  const kept = rawBody ?? body ?? undefined;
  if (kept === undefined) return undefined;
  if (kept instanceof Uint8Array) return new Uint8Array(kept);
  try {
    return utf8.encode(typeof kept === 'string' ? kept : JSON.stringify(kept));
  } catch {
    // A parser has made something of it that JSON does not know, such as a BigInt.
    return undefined;
  }
}

/** Parsers unpack, and leave the header that says otherwise. The bytes themselves tell: no JSON begins so (RFC 1952 2.3.1). */
export const isGzip = (bytes: Uint8Array | undefined): boolean => bytes?.[0] === 0x1f && bytes[1] === 0x8b;
