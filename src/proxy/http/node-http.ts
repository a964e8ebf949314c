import type { ParsedBody } from './parsed-body.ts';

/** The members of an `http.IncomingMessage`, or of Express's request, that the proxy reads. */
export interface NodeRequest extends ParsedBody {
  /** The HTTP method; GET where it is missing. */
  readonly method?: string | undefined;
  /** The target of the request, as in its first line: a path, mostly, with its query. */
  readonly url?: string | undefined;
  /** Express: the `url` before Express cut off the path under which the handler is mounted. */
  readonly originalUrl?: string | undefined;
  /** Values by the name of the header in small letters. Adapters of serverless platforms write numbers, too. */
  readonly headers: Readonly<Record<string, string | number | readonly string[] | undefined>>;
  /** Names and values of the headers by turns, in the order in which they were received. */
  readonly rawHeaders?: readonly string[] | undefined;
  /** Whether the body has been read to its end. */
  readonly readableEnded: boolean;
  /** Whether something has begun to read the body. */
  readonly readableDidRead?: boolean | undefined;
  /** Whether the stream has been destroyed: no more of the body arrives. */
  readonly destroyed?: boolean;
  /** Whether the whole message has been received. */
  readonly complete?: boolean;
  /** 1 for HTTP/1.1, 2 for HTTP/2. */
  readonly httpVersionMajor?: number;
  /** The connection: its IP address on the other side, and the function that closes it. */
  readonly socket?:
    { readonly remoteAddress?: string | undefined; readonly destroy?: () => unknown } | null | undefined;
  /** Adds a listener for the pieces of the body. */
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  /** Adds a listener for the end of the body, or for its failure. */
  on(event: 'end' | 'close' | 'error', listener: () => void): unknown;
}

/** The members of an `http.ServerResponse` that the proxy calls. */
export interface NodeResponse {
  /** Sends status and headers. */
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown;
  /** Sends a part of the body. Returns false where the connection is slower than that. Missing: the runtime cannot stream. */
  write?(chunk: Uint8Array): unknown;
  /** Adds a listener for the end of the connection, or for the moment from which more parts can be sent. */
  once?(event: 'close' | 'drain', listener: () => void): unknown;
  /** Sends the body, and ends the response. */
  end(body: string | Uint8Array): unknown;
}

/**
 * A handler for `http.createServer` and for Express. For paths that the proxy does not serve, the handler calls `next`, which
 * Express passes. Without `next` it responds 404.
 */
export type NodeHandler = (request: NodeRequest, response: NodeResponse, next?: () => void) => void;
