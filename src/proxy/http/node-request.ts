import { concatBytes } from '../lib/concat-bytes.ts';
import { createSharedTimer } from '../lib/shared-timer.ts';
import type { Bytes } from '../lib/bytes.ts';
import { type HeaderReader, type IncomingRequest, type ReadLimits, type Unread } from './request.ts';
import { isGzip, readParsedBody } from './parsed-body.ts';
import type { NodeRequest } from './node-http.ts';
import type { Target } from './request-target.ts';

const after = /*#__PURE__*/ createSharedTimer();

/**
 * Headers of which Node keeps only the first value where a request has several. A server in front of the proxy may have checked
 * another one of them, so the proxy reads all.
 */
const KEPT_ONCE: ReadonlySet<string> = new Set(['authorization', 'content-type']);

/**
 * A request of `node:http` in the proxy's own form. A class, because one object is made for every request. For an object literal
 * with a getter, V8 makes a new hidden class each time, which takes as long as reading the body.
 */
export class IncomingNodeRequest implements IncomingRequest, HeaderReader {
  readonly method: string;
  readonly url: string;
  readonly pathname: string;
  readonly #request: NodeRequest;
  readonly #wasRead: boolean;
  readonly #kept: Bytes | undefined;
  #made: Request | undefined;

  constructor(request: NodeRequest, { url, pathname }: Target) {
    this.method = request.method ?? 'GET';
    this.url = url;
    this.pathname = pathname;
    this.#request = request;
    this.#wasRead = request.readableDidRead ?? request.readableEnded;
    this.#kept = this.#wasRead ? readParsedBody(request) : undefined;
  }

  get peer(): string | undefined {
    return this.#request.socket?.remoteAddress;
  }

  get headers(): HeaderReader {
    return this;
  }

  /** The value of a header, by its name in any case; `null` where the request does not have it. */
  get(name: string): string | null {
    const field = name.toLowerCase();
    const { headers, rawHeaders } = this.#request;
    if (field === 'content-encoding' && this.#wasRead && !isGzip(this.#kept)) return null;
    const value = headers[field] ?? null;
    if (value === null) return null;
    const text = typeof value === 'object' ? value.join(', ') : String(value);
    if (!KEPT_ONCE.has(field)) return text;
    // Several values are joined with commas, as in every other runtime: the result is not a valid credential or media type, and is
    // refused.
    return allOf(field, rawHeaders) || text;
  }

  get request(): Request {
    this.#made ??= new Request(this.url, { method: this.method, headers: this.#allHeaders() });
    return this.#made;
  }

  hasBody(): boolean {
    return !this.#wasRead || this.#kept !== undefined || this.#isAnnounced();
  }

  read(limits: ReadLimits): Bytes | Unread | Promise<Bytes | Unread> {
    if (!this.#wasRead) return readStream(this.#request, limits);
    const kept = this.#kept;
    if (!kept) return this.#isAnnounced() ? 'already-read' : new Uint8Array();
    if (kept.length > limits.maxBytes) return 'too-large';
    return limits.lease.hold(kept.length) ? kept : 'no-room';
  }

  /** Whether the headers say that the request has a body. https://www.rfc-editor.org/rfc/rfc9112#section-6.3 */
  #isAnnounced(): boolean {
    return Number(this.get('Content-Length')) > 0 || this.get('Transfer-Encoding') !== null;
  }

  #allHeaders(): Headers {
    const headers = new Headers();
    for (const name of Object.keys(this.#request.headers)) {
      // Names that begin with a colon are pseudo-header fields of HTTP/2, which `Headers` does not take.
      const value = name.startsWith(':') ? null : this.get(name);
      if (value !== null) headers.set(name, value);
    }
    return headers;
  }
}

/** All values of a header, with commas between them; `''` if there is none. `name`: in small letters. */
function allOf(name: string, rawHeaders: readonly string[] = []): string {
  let values = '';
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const rawName = rawHeaders[i] ?? '';
    if (rawName.length === name.length && rawName.toLowerCase() === name)
      values = values === '' ? (rawHeaders[i + 1] ?? '') : `${values}, ${rawHeaders[i + 1]}`;
  }
  return values;
}

function readStream(
  request: NodeRequest,
  { maxBytes, timeoutMs, lease }: ReadLimits,
): Promise<Bytes | Unread> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    let isOver = false;

    /** Ends the reading with `unread`. The listeners stay, and throw away the rest of the body. */
    function stop(unread: Unread): void {
      isOver = true;
      chunks.length = 0;
      cancel();
      resolve(unread);
    }

    function breakOff(): void {
      if (isOver) return;
      isOver = true;
      chunks.length = 0;
      cancel();
      reject(new Error('The body has broken off.'));
    }

    const cancel = after(timeoutMs, () => stop('too-late'));
    request.on('data', (chunk) => {
      if (isOver) return;
      length += chunk.length;
      if (length > maxBytes) stop('too-large');
      else if (lease.hold(length)) chunks.push(chunk);
      else stop('no-room');
    });
    if (request.destroyed) breakOff();
    request.on('end', () => {
      if (isOver) return;
      isOver = true;
      cancel();
      resolve(concatBytes(chunks, length));
    });
    request.on('error', breakOff);
    request.on('close', breakOff);
  });
}
