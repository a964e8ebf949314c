import type { WireEvent } from '../../protocol/wire.ts';
import type { HeaderReader } from '../http/request.ts';
import { isRecord } from '../lib/is-record.ts';

/**
 * The header that carries the visitor's IP address. Name a header that a server in front of the proxy always overwrites: visitors
 * can send any content in other headers. `hops`: how many servers in front of the proxy append an entry to the header; with 1, the
 * last entry is the visitor's IP address.
 *
 * @example
 * ```ts
 * const options: { clientIp: ClientIp } = { clientIp: { header: 'x-forwarded-for', hops: 1 } };
 * ```
 */
export type ClientIp = 'cf-connecting-ip' | 'x-real-ip' | { readonly header: string; readonly hops: number };

/** The visitor's IP address, or `undefined` when the header has none. */
export function readClientIp(headers: HeaderReader, source: ClientIp): string | undefined {
  const { header, hops } = typeof source === 'string' ? { header: source, hops: 1 } : source;
  const entries = (headers.get(header) ?? '').split(',').map((entry) => entry.trim());
  return toAddress(entries.at(-hops) ?? '');
}

/** Returns a copy of the event with `ip` as its `context.ip`, in place of an IP address that the browser has written there. */
export function withClientIp(event: WireEvent, ip: string | undefined): WireEvent {
  const context: unknown = event.context;
  if (context !== undefined && context !== null && !isRecord(context)) return event;
  const claimed = Object.keys(context ?? {}).filter((key) => key.toLowerCase() === 'ip');
  if (ip === undefined && claimed.length === 0) return event;
  const kept = Object.entries(context ?? {}).filter(([key]) => !claimed.includes(key));
  return { ...event, context: { ...Object.fromEntries(kept), ...(ip !== undefined && { ip }) } };
}

const LONGEST_ENTRY = 60;

/**
 * Returns the IP address in an entry of a header. Load balancers write 203.0.113.7, 203.0.113.7:4711, 2001:db8::1, [2001:db8::1]
 * and [2001:db8::1]:4711. An IPv6 address without brackets is taken as a whole if it is valid: whether its last group is a port
 * cannot be decided. Any other text is not an IP address: if it counted as one, a sender could have a separate limit for each text.
 */
function toAddress(entry: string): string | undefined {
  if (entry.length > LONGEST_ENTRY) return undefined;
  const readings = [entry, entry.replace(/:\d{1,5}$/, '')];
  return readings.map((text) => text.replace(/^\[(.+)\]$/, '$1')).find(isAddress);
}

/** The URL parser checks IP addresses in every runtime, also without `node:net`. */
function isAddress(text: string): boolean {
  if (/^(?!.*\b0\d)\d+(\.\d+){3}$/.test(text)) return URL.canParse(`http://${text}`);
  return /^[\da-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]`);
}
