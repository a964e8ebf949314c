import type { Answer } from './answer.ts';
import type { Bytes } from './body.ts';
import { type Incoming, joined } from './incoming.ts';

/** What came to a handler of the Fetch API. */
export function fromRequest(request: Request): Incoming {
  let leave = (): void => {};

  async function read(maxBytes: number): Promise<Bytes | 'too-large' | 'already-read'> {
    if (request.bodyUsed || request.body?.locked) return 'already-read';
    // Looked at only to be read: under some servers a body that was looked at and left blocks its connection.
    const reader = request.body?.getReader();
    if (!reader) return new Uint8Array();
    leave = () => void reader.cancel().catch(() => {});
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return joined(chunks, length);
      length += value.length;
      if (length > maxBytes) break;
      chunks.push(value);
    }
    leave();
    return 'too-large';
  }

  const { method, url, headers } = request;
  const { pathname } = new URL(url);
  return {
    method,
    url,
    pathname,
    headers,
    peer: undefined,
    request,
    hasBody: () => request.bodyUsed || request.body !== null,
    read,
    leave: () => leave(),
  };
}

export function toResponse({ status, headers, body }: Answer): Response {
  return new Response(body, { status, headers });
}
