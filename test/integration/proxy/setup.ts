import { type CioProxy, createProxy, type ProxyOptions } from '../../../src/proxy.ts';
import { basicAuthorization, type ErrorBody } from '../../../src/protocol/wire.ts';
import { startUpstream, type Upstream } from './upstream.ts';

export const WRITE_KEY = 'write-key-of-the-workspace';
export const CLIENT_KEY = 'client-api-key-web';

/** Starts a proxy with a real upstream server behind it. */
export async function startProxy(
  options: Partial<ProxyOptions> = {},
): Promise<{ proxy: CioProxy; upstream: Upstream }> {
  const upstream = await startUpstream();
  const proxy = createProxy({
    writeKey: WRITE_KEY,
    clientKeys: [CLIENT_KEY],
    upstreamUrl: upstream.url,
    ...options,
  });
  return { proxy, upstream };
}

let count = 0;

export function event(fields: Record<string, unknown> = {}): Record<string, unknown> {
  count += 1;
  return {
    type: 'track',
    event: 'Order Placed',
    messageId: `message-${count}`,
    timestamp: '2026-01-02T03:04:05.006Z',
    anonymousId: 'anonymous-1',
    properties: { total: 12.5 },
    context: { page: { path: '/' } },
    ...fields,
  };
}

export interface PostInit {
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
}

/** Makes the request of a browser. A header can be replaced, or removed with `''`. */
export function post(
  batch: readonly unknown[] = [event()],
  { path = '/v1/batch', headers = {}, body }: PostInit = {},
): Request {
  const all = new Headers({
    Authorization: basicAuthorization(CLIENT_KEY),
    'Content-Type': 'application/json',
  });
  for (const [name, value] of Object.entries(headers)) {
    if (value === '') all.delete(name);
    else all.set(name, value);
  }
  const content = body ?? JSON.stringify({ batch, sentAt: '2026-01-02T03:04:06.000Z' });
  return new Request(`https://events.example.com${path}`, {
    method: 'POST',
    headers: all,
    body: new Blob([content as BlobPart]).stream(),
    duplex: 'half',
  } as RequestInit);
}

/** Returns the status and error code of a response in one line: `401 invalid_client_key`. */
export async function verdict(response: Response): Promise<string> {
  if (response.ok) return String(response.status);
  const { error } = (await response.json()) as ErrorBody;
  return `${response.status} ${error}`;
}

/** The headers of a request with a customer token. */
export function bearer(token: string, more: Record<string, string> = {}): Record<string, string> {
  return { Authorization: `Bearer ${token}`, 'X-CIO-Client-Key': CLIENT_KEY, ...more };
}

/** Returns {@link verdict} with the reason: `401 invalid_token expired`. */
export async function fullVerdict(response: Response): Promise<string> {
  if (response.ok) return String(response.status);
  const { error, reason = '' } = (await response.json()) as ErrorBody;
  return `${response.status} ${error} ${reason}`.trim();
}
