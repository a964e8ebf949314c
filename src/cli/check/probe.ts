import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { performance } from 'node:perf_hooks';
import { TLSSocket } from 'node:tls';
import { brotliDecompressSync, constants, gunzipSync, inflateSync } from 'node:zlib';
import { outcomeOf, type Outcome } from '../../sdk/sender/outcome.ts';

/** A request as a page would send it. */
export interface ProbeRequest {
  readonly method: 'GET' | 'POST' | 'OPTIONS';
  /** The path below the URL of the proxy, such as `/v1/batch`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** The most bytes of the response's body that are kept. The rest is read and discarded. @default 10 000 */
  readonly keptBytes?: number;
}

/** The result of a request. `ms`: after how many milliseconds. */
export type Reply = ProbeAnswer | ProbeFailure;

/** An answer of the server. */
export interface ProbeAnswer {
  readonly kind: 'answer';
  readonly status: number;
  /** The body as text, cut off after the kept bytes. */
  readonly text: string;
  /** The size of the whole body as it was sent, so compressed where the server compresses. */
  readonly bytes: number;
  readonly ms: number;
  /** The end of the validity of the server's certificate, in milliseconds since the epoch. Missing without TLS. */
  readonly validUntil?: number;
  /** Returns the value of a header; `null` without it. */
  header(name: string): string | null;
}

/** There was no answer. */
export interface ProbeFailure {
  readonly kind: 'failure';
  /** `TIMEOUT`, or the error code of Node: `ECONNREFUSED`, `CERT_HAS_EXPIRED` … */
  readonly code: string;
  readonly ms: number;
}

/** Sends one request. Never rejects, and follows no redirect. */
export type Probe = (request: ProbeRequest) => Promise<Reply>;

const KEPT_BYTES = 10_000;

/** Creates a function that sends requests below `url`. */
export function createProbe(url: URL, timeoutMs: number): Probe {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const base = url.pathname.replace(/\/+$/, '');

  return ({ method, path, headers, body, keptBytes = KEPT_BYTES }) =>
    new Promise((resolve) => {
      const started = performance.now();
      const elapsed = (): number => Math.round(performance.now() - started);
      const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
      const outgoing = request(new URL(base + path, url), {
        method,
        // Each request has its own connection: one that the server closes must not fail the next request.
        agent: false,
        headers: { ...headers, ...length },
      });
      const end = (reply: Reply): void => {
        clearTimeout(timer);
        resolve(reply);
        outgoing.destroy();
      };
      const timer = setTimeout(() => end({ kind: 'failure', code: 'TIMEOUT', ms: elapsed() }), timeoutMs);
      const onError = (error: NodeJS.ErrnoException): void =>
        end({ kind: 'failure', code: error.code ?? error.message, ms: elapsed() });
      outgoing.on('error', onError);
      outgoing.on('response', (response) => {
        readBody(response, keptBytes).then((read) => end(answerOf(response, read, elapsed())), onError);
      });
      outgoing.end(body);
    });
}

type Body = Pick<ProbeAnswer, 'text' | 'bytes'>;

async function readBody(response: IncomingMessage, keptBytes: number): Promise<Body> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (bytes < keptBytes) chunks.push(chunk.subarray(0, keptBytes - bytes));
    bytes += chunk.length;
  }
  return { text: decode(Buffer.concat(chunks), response.headers['content-encoding']), bytes };
}

/** Decodes a body that may be cut off. Bytes that are not what the encoding says become an empty text. */
function decode(kept: Buffer, encoding: string | undefined): string {
  try {
    const zlib = { finishFlush: constants.Z_SYNC_FLUSH };
    if (encoding === 'gzip') return gunzipSync(kept, zlib).toString();
    if (encoding === 'deflate') return inflateSync(kept, zlib).toString();
    if (encoding === 'br')
      return brotliDecompressSync(kept, { finishFlush: constants.BROTLI_OPERATION_FLUSH }).toString();
    return kept.toString();
  } catch {
    return '';
  }
}

function answerOf(response: IncomingMessage, body: Body, ms: number): ProbeAnswer {
  const { statusCode: status = 0, headers, socket } = response;
  const until = socket instanceof TLSSocket ? Date.parse(socket.getPeerCertificate().valid_to) : NaN;
  return {
    kind: 'answer',
    status,
    ...body,
    ms,
    ...(Number.isNaN(until) ? {} : { validUntil: until }),
    header(name) {
      const value = headers[name.toLowerCase()];
      return value === undefined ? null : [value].flat().join(', ');
    },
  };
}

/** Returns how the SDK would treat the reply. */
export function outcomeOfReply(reply: Reply): Outcome {
  if (reply.kind === 'failure') return { kind: 'unanswered', status: 0 };
  const { status, text: body, header } = reply;
  return outcomeOf({ status, body, headers: { get: header } }, Date.now());
}

/** Whether the SDK would treat the reply as a delivery. */
export const isDelivered = (reply: Reply): boolean => outcomeOfReply(reply).kind === 'delivered';

/** Whether the SDK would treat the reply as a final refusal of what was sent. */
export const isRefused = (reply: Reply): boolean => outcomeOfReply(reply).kind === 'rejected';

/** Describes a reply in a few words. Of an answer only the status is shown: its body could repeat the client key. */
export function inWords(reply: Reply): string {
  if (reply.kind === 'answer') return `returned ${reply.status}`;
  if (reply.code === 'TIMEOUT') return `no answer within ${reply.ms} ms`;
  return reply.code === 'ECONNRESET' ? 'hung up without an answer' : `no answer: ${reply.code}`;
}
