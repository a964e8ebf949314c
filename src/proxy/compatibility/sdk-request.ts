import { CLIENT_KEY_HEADER, inBytes } from '../../protocol/wire.ts';
import type { HeaderReader, IncomingRequest } from '../http/request.ts';

/** Whether a request names its client key in a header, and not in its body. */
export function hasKeyInHeaders({ headers }: IncomingRequest): boolean {
  return headers.get(CLIENT_KEY_HEADER) !== null || /^basic /i.test(headers.get('Authorization') ?? '');
}

/** The request with the client key that was found in its path or its body, as if the header of the key had it. */
export function withClientKey(incoming: IncomingRequest, key: string): IncomingRequest {
  return withHeader(incoming, CLIENT_KEY_HEADER, inBytes(key));
}

/**
 * The request with the media type of JSON. The web SDK and the Android SDK send JSON as `text/plain`, for which browsers need no
 * preflight. The handler has checked the origin of the request before.
 */
export function withJsonType(incoming: IncomingRequest): IncomingRequest {
  const type = incoming.headers.get('Content-Type') ?? '';
  const isText = /^(text\/plain\s*(;\s*charset="?utf-?8"?\s*)?)?$/i.test(type.trim());
  return isText ? withHeader(incoming, 'Content-Type', 'application/json') : incoming;
}

function withHeader(incoming: IncomingRequest, name: string, value: string): IncomingRequest {
  const headers: HeaderReader = {
    get: (asked) => (asked.toLowerCase() === name.toLowerCase() ? value : incoming.headers.get(asked)),
  };
  const { method, url, pathname, peer } = incoming;
  return {
    method,
    url,
    pathname,
    peer,
    headers,
    // The request for hooks, which is made at its first access, has the headers that were received.
    get request() {
      return incoming.request;
    },
    hasBody: () => incoming.hasBody(),
    read: (limits) => incoming.read(limits),
  };
}
