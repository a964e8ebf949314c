import { concatBytes } from '../lib/concat-bytes.ts';
import type { Answer } from './response.ts';
import type { Bytes } from './body.ts';
import { createSharedTimer } from '../lib/shared-timer.ts';
import { type IncomingRequest, type ReadLimits, type Unread } from './request.ts';

const after = /*#__PURE__*/ createSharedTimer();

/** What came to a handler of the Fetch API. */
export function fromRequest(request: Request): IncomingRequest {
  async function read({ maxBytes, timeoutMs, lease }: ReadLimits): Promise<Bytes | Unread> {
    if (request.bodyUsed || request.body?.locked) return 'already-read';
    // Looked at only to be read: under some servers a body that was looked at and left blocks its connection.
    const reader = request.body?.getReader();
    if (!reader) return new Uint8Array();
    // Nobody waits for the rest any more.
    const leave = (): void => void reader.cancel().catch(() => {});
    let isLate = false;
    const cancel = after(timeoutMs, () => {
      isLate = true;
      leave();
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
          leave();
          return isTooLarge ? 'too-large' : 'no-room';
        }
        chunks.push(value);
      }
    } finally {
      cancel();
    }
  }

  const { method, headers } = request;
  // Adapters may hand over what is no URL, made of a strange Host: that leads nowhere.
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

export function toResponse({ status, headers, body }: Answer): Response {
  return new Response(body, { status, headers });
}
