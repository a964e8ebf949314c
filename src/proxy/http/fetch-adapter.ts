import { concatBytes } from '../lib/concat-bytes.ts';
import type { Answer } from './response.ts';
import type { Bytes } from '../lib/bytes.ts';
import { createSharedTimer } from '../lib/shared-timer.ts';
import { type IncomingRequest, type ReadLimits, type Unread } from './request.ts';

const after = /*#__PURE__*/ createSharedTimer();

/** Brings a `Request` of the Fetch API into the proxy's own form. */
export function fromRequest(request: Request): IncomingRequest {
  async function read({ maxBytes, timeoutMs, lease }: ReadLimits): Promise<Bytes | Unread> {
    if (request.bodyUsed || request.body?.locked) return 'already-read';
    // `body` is accessed only here, where it is read: under some servers a body that was accessed and not read blocks its connection.
    const reader = request.body?.getReader();
    if (!reader) return new Uint8Array();
    const cancelRest = (): void => void reader.cancel().catch(() => {});
    let isLate = false;
    const stopTimer = after(timeoutMs, () => {
      isLate = true;
      cancelRest();
    });
    const chunks: Uint8Array[] = [];
    let length = 0;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (isLate) return 'too-late';
        if (done) return concatBytes(chunks, length);
        length += value.length;
        const isTooLarge = length > maxBytes;
        if (isTooLarge || !lease.hold(length)) {
          cancelRest();
          return isTooLarge ? 'too-large' : 'no-room';
        }
        chunks.push(value);
      }
    } finally {
      stopTimer();
    }
  }

  const { method, headers } = request;
  // Adapters may make `request.url` from an invalid `Host`, so that it is not a URL: such a request gets the path `/`, and 404.
  const url = URL.canParse(request.url) ? request.url : 'http://localhost/';
  const { pathname } = new URL(url);
  return {
    method,
    url,
    pathname,
    headers,
    peer: undefined,
    request,
    losesEncoding: 'nextUrl' in request,
    hasBody: () => request.bodyUsed || request.body !== null,
    read,
  };
}

/** Converts the proxy's own response to a `Response` of the Fetch API. */
export function toResponse({ status, headers, body, stream }: Answer): Response {
  return new Response(stream ?? body, { status, headers });
}
