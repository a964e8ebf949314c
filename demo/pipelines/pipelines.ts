/** A stand-in for Customer.io's Pipelines API, and the services beside it, as a `node:http` listener. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { readBody, sendJson } from '../http.ts';
import { accept, endpointOf, MAX_BATCH_BYTES, type Verdict } from './accept.ts';
import { answerControl } from './control.ts';
import { NO_FAULTS, type PipelineFaults } from './faults.ts';
import { answerInAppControl } from './in-app/control.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { answerPeopleControl } from './people-control.ts';
import { createRateLimit, type RateLimitOptions } from './rate-limit.ts';
import { createServices, type Services, type ServicesOptions } from './services.ts';

export interface PipelinesOptions {
  readonly writeKey: string;
  readonly rateLimit?: RateLimitOptions;
  /** The App API and the in-app service, which are here too. */
  readonly services?: ServicesOptions;
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}

export interface Pipelines {
  readonly listener: RequestListener;
  readonly ledger: Ledger;
  readonly services: Services;
  faults(): PipelineFaults;
  setFaults(faults: Partial<PipelineFaults>): void;
}

/** Far above every limit, so that what is over a limit is judged and not just cut off. */
const MAX_READ_BYTES = 8 * MAX_BATCH_BYTES;

/**
 * @example
 * const pipelines = createPipelines({ writeKey: 'secret' });
 * createServer(pipelines.listener).listen(8080);
 */
export function createPipelines(options: PipelinesOptions): Pipelines {
  const { writeKey, now = Date.now } = options;
  const ledger = createLedger();
  const withinRate = createRateLimit(now, options.rateLimit);
  let faults = NO_FAULTS;
  const setFaults = (changed: Partial<PipelineFaults>): void => {
    faults = { ...faults, ...changed };
  };
  const services = createServices({ ...options.services, events: ledger.events });
  const control = { ledger, faults: () => faults, setFaults };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    if (path.startsWith('/_control/people')) return answerPeopleControl(services, path, request, response);
    if (path.startsWith('/_control/in-app')) return answerInAppControl(services, path, request, response);
    if (path.startsWith('/_control/')) return answerControl(control, path, request, response);
    const body = await readBody(request, MAX_READ_BYTES);
    const { headers: given, method = '', url = '' } = request;
    const query = new URLSearchParams(url.slice(path.length));
    if (await services.inApp.answer(request, response, { path, query, body: String(body ?? '') })) return;
    const answer = await services.answer({ method, path, query, headers: given });
    if (answer) {
      if (answer.body) return sendJson(response, answer.status, answer.body);
      response.writeHead(answer.status).end();
      return;
    }
    if (faults.latencyMs > 0) await delay(faults.latencyMs);
    const verdict = judge(request, path, body);
    ledger.record(describe(request, path, body, verdict.status), verdict.events);
    const headers: Record<string, string> = {};
    const failsAsTold = faults.status !== 200 && verdict.status === faults.status;
    if (failsAsTold && faults.retryAfter !== null) headers['Retry-After'] = faults.retryAfter;
    sendJson(
      response,
      verdict.status,
      verdict.status === 200 ? {} : { meta: { errors: verdict.errors } },
      headers,
    );
  }

  function judge(request: IncomingMessage, path: string, body: Buffer | undefined): Verdict {
    const endpoint = endpointOf(path);
    if (endpoint === undefined) return fail(404, `there is no ${path}`);
    if (request.method !== 'POST') return fail(405, `${path} takes POST`);
    if (!withinRate()) return fail(429, 'more than 3 000 requests in 3 seconds');
    if (faults.status !== 200) return fail(faults.status, 'told to fail');
    const verdict = accept(
      {
        endpoint,
        text: body && unpack(body, request.headers['content-encoding']),
        authorization: request.headers.authorization,
        strict: request.headers['x-strict-mode'] === '1',
        reject: faults.reject,
        receivedAtMs: now(),
      },
      writeKey,
    );
    const poisoned = verdict.events.some(
      (event) => faults.poison !== null && event['event'] === faults.poison,
    );
    return poisoned ? fail(500, 'told to fail on this event') : verdict;
  }

  function describe(request: IncomingMessage, path: string, body: Buffer | undefined, status: number) {
    const { authorization, ...headers } = request.headers;
    return {
      at: new Date(now()).toISOString(),
      method: request.method ?? '',
      path,
      bytes: body?.byteLength ?? Number(request.headers['content-length'] ?? MAX_READ_BYTES),
      contentEncoding: request.headers['content-encoding'] ?? null,
      authorization: authorization !== undefined,
      strict: request.headers['x-strict-mode'] === '1',
      status,
      headers,
    };
  }

  return {
    listener: (request, response) => {
      answer(request, response).catch(() => response.destroy());
    },
    ledger,
    services,
    faults: () => faults,
    setFaults,
  };
}

function fail(status: number, error: string): Verdict {
  return { status, errors: [error], events: [] };
}

function unpack(body: Buffer, encoding: string | undefined): string | undefined {
  if (encoding === undefined || encoding === 'identity') return body.toString();
  if (encoding !== 'gzip') return undefined;
  try {
    return gunzipSync(body, { maxOutputLength: MAX_READ_BYTES }).toString();
  } catch {
    return undefined;
  }
}
