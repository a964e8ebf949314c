/** Sends the responses of the in-app service, whole or damaged by a fault. */
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { InAppFault } from './faults.ts';

/** A response. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** How a request has ended: the status of its response, or the fault that took the response away. */
export type Outcome = number | 'hang' | 'cut';

export const NOT_A_SERVICE = '<!doctype html><title>A web page</title><p>This is not the in-app service.</p>';

/** A response with JSON; without a body where `body` is `undefined`. */
export function json(status: number, body?: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  if (body === undefined) return { status, headers };
  return {
    status,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      ...headers,
    },
    body: JSON.stringify(body),
  };
}

/** The response that a fault sets; `undefined`: the fault leaves the response to the service. */
export function replyOf(fault: InAppFault): Reply | undefined {
  const { status, retryAfter, headers, html, text } = fault;
  if (status === undefined && html !== true && text === undefined) return undefined;
  const type = html === true ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8';
  return {
    status: status ?? 200,
    headers: {
      'Content-Type': type,
      ...(retryAfter !== undefined && { 'Retry-After': retryAfter }),
      ...headers,
    },
    body: html === true ? NOT_A_SERVICE : (text ?? '{"error":"told to fail"}'),
  };
}

/** What is sent: a response, a stream of events, or nothing. */
export type Decision = Reply | 'stream' | 'hang' | 'cut';

/** Decides what is sent. `answer` lets the request take effect, and is not called when the fault prevents that. */
export function decide(fault: InAppFault | undefined, answer: () => Reply | 'stream'): Decision {
  if (fault?.hang === true) return 'hang';
  if (fault?.cut === 'before') return 'cut';
  return (fault && replyOf(fault)) ?? answer();
}

/** Bytes must be on their way before a connection closes: otherwise the client gets not even the headers. */
const CUT_AFTER_MS = 20;

export interface Delivery {
  readonly decision: Decision;
  readonly fault: InAppFault | undefined;
  /** Sends the headers without the body. */
  readonly isHead?: boolean;
  /** Headers of every response. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly openStream?: () => void;
}

/** Sends what was decided, after the delay of the fault. */
export async function deliver(response: ServerResponse, delivery: Delivery): Promise<Outcome> {
  const { decision, fault, isHead = false, headers = {}, openStream } = delivery;
  await pause(fault?.delayMs ?? 0);
  if (decision === 'hang') return 'hang';
  if (decision === 'cut') {
    response.destroy();
    return 'cut';
  }
  const isCut = fault?.cut === 'within';
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (decision === 'stream') {
    openStream?.();
  } else {
    const { status, body = '' } = decision;
    const bytes = Buffer.from(body);
    const hasBody = status !== 204 && status !== 304;
    response.writeHead(status, {
      ...decision.headers,
      ...(hasBody && { 'Content-Length': bytes.byteLength }),
    });
    if (!isCut) response.end(isHead || !hasBody ? undefined : bytes);
    else response.write(bytes.subarray(0, Math.floor(bytes.byteLength / 2)));
  }
  if (isCut) {
    await pause(CUT_AFTER_MS);
    response.destroy();
    return 'cut';
  }
  return decision === 'stream' ? 200 : decision.status;
}

/** Waits without keeping the process alive. */
export async function pause(ms: number): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { ref: false });
}
