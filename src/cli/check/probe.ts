import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { performance } from 'node:perf_hooks';
import { TLSSocket } from 'node:tls';
import { outcomeOf, type Outcome } from '../../sdk/sender/outcome.ts';

/** One request, as a page would send it. */
export interface ProbeRequest {
  readonly method: 'POST' | 'OPTIONS';
  /** Below the address of the proxy, such as `/v1/batch`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** What came of it, and after how many milliseconds. */
export type Reply = ProbeAnswer | Silence;

export interface ProbeAnswer {
  readonly kind: 'answer';
  readonly status: number;
  readonly text: string;
  readonly ms: number;
  /** When the certificate of the server ends, in milliseconds since the epoch; missing without TLS. */
  readonly validUntil?: number;
  header(name: string): string | null;
}

export interface Silence {
  readonly kind: 'silence';
  /** `TIMEOUT`, or as Node names what went wrong: `ECONNREFUSED`, `CERT_HAS_EXPIRED` … */
  readonly code: string;
  readonly ms: number;
}

/** Asks once. Never rejects, follows no redirect. */
export type Probe = (question: ProbeRequest) => Promise<Reply>;

/** More of an answer than this is read, but not kept. */
const KEPT_CHARACTERS = 10_000;

export function createProbe(url: URL, timeoutMs: number): Probe {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const base = url.pathname.replace(/\/+$/, '');

  return ({ method, path, headers, body }) =>
    new Promise((resolve) => {
      const started = performance.now();
      const elapsed = (): number => Math.round(performance.now() - started);
      const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
      const asked = request(new URL(base + path, url), {
        method,
        // A connection of its own for each: one that a server closes must not spoil the next question.
        agent: false,
        headers: { ...headers, ...length },
      });
      const end = (reply: Reply): void => {
        clearTimeout(timer);
        resolve(reply);
        asked.destroy();
      };
      const timer = setTimeout(() => end({ kind: 'silence', code: 'TIMEOUT', ms: elapsed() }), timeoutMs);
      const onError = (error: NodeJS.ErrnoException): void =>
        end({ kind: 'silence', code: error.code ?? error.message, ms: elapsed() });
      asked.on('error', onError);
      asked.on('response', (response) => {
        readText(response).then((text) => end(answerOf(response, text, elapsed())), onError);
      });
      asked.end(body);
    });
}

async function readText(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) if (text.length < KEPT_CHARACTERS) text += String(chunk);
  return text;
}

function answerOf(response: IncomingMessage, text: string, ms: number): ProbeAnswer {
  const { statusCode: status = 0, headers, socket } = response;
  const until = socket instanceof TLSSocket ? Date.parse(socket.getPeerCertificate().valid_to) : NaN;
  return {
    kind: 'answer',
    status,
    text,
    ms,
    ...(Number.isNaN(until) ? {} : { validUntil: until }),
    header(name) {
      const value = headers[name.toLowerCase()];
      return value === undefined ? null : [value].flat().join(', ');
    },
  };
}

/** What the SDK makes of it. */
export function outcomeOfReply(reply: Reply): Outcome {
  if (reply.kind === 'silence') return { kind: 'unanswered', status: 0 };
  const { status, text: body, header } = reply;
  return outcomeOf({ status, body, headers: { get: header } }, Date.now());
}

export const isDelivered = (reply: Reply): boolean => outcomeOfReply(reply).kind === 'delivered';

/** An answer that says at once that what was sent is at fault. */
export const isRefused = (reply: Reply): boolean => outcomeOfReply(reply).kind === 'rejected';

/** In a few words. Never more of an answer than its status: it might repeat the client key. */
export function inWords(reply: Reply): string {
  if (reply.kind === 'answer') return `answered ${reply.status}`;
  if (reply.code === 'TIMEOUT') return `no answer within ${reply.ms} ms`;
  return reply.code === 'ECONNRESET' ? 'hung up without an answer' : `no answer: ${reply.code}`;
}
