import type { WireEvent } from '../../protocol/wire.ts';
import type { HeaderReader } from '../http/request.ts';
import { isRecord } from '../lib/is-record.ts';

/**
 * Which header carries the visitor's address. Name one that something in front of the proxy always writes itself:
 * whatever visitors can send is no address. `hops` counts the proxies in front that append to the header (1: the last
 * entry is the visitor).
 */
export type ClientIp = 'cf-connecting-ip' | 'x-real-ip' | { readonly header: string; readonly hops: number };

/** The address of the visitor, or `undefined` when the header holds none. */
export function readClientIp(headers: HeaderReader, source: ClientIp): string | undefined {
  const { header, hops } = typeof source === 'string' ? { header: source, hops: 1 } : source;
  const entries = (headers.get(header) ?? '').split(',').map((entry) => entry.trim());
  return toAddress(entries.at(-hops) ?? '');
}

/** `event` with that `context.ip` and no other: what a browser says of its own address counts for nothing. */
export function withClientIp(event: WireEvent, ip: string | undefined): WireEvent {
  const context: unknown = event.context;
  if (context !== undefined && context !== null && !isRecord(context)) return event;
  const claimed = Object.keys(context ?? {}).filter((key) => key.toLowerCase() === 'ip');
  if (ip === undefined && claimed.length === 0) return event;
  const kept = Object.entries(context ?? {}).filter(([key]) => !claimed.includes(key));
  return { ...event, context: { ...Object.fromEntries(kept), ...(ip !== undefined && { ip }) } };
}

// Load balancers write 203.0.113.7, 203.0.113.7:4711, 2001:db8::1, [2001:db8::1] and [2001:db8::1]:4711.
const ADDRESS =
  /^(\d+\.\d+\.\d+\.\d+)(?::\d+)?$|^([\da-f:.]*:[\da-f:.]*:[\da-f:.]*)$|^\[([\da-f:.]+)\](?::\d+)?$/i;
const LONGEST_ADDRESS = 60;

function toAddress(entry: string): string | undefined {
  if (entry.length > LONGEST_ADDRESS) return undefined;
  const [, four, six, bracketed] = ADDRESS.exec(entry) ?? [];
  return four ?? six ?? bracketed;
}
