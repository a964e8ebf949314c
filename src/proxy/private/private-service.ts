import { comeBackLater, refuse, type Refusal } from '../http/response.ts';
import { within } from '../lib/timeouts.ts';
import { retryAfterOf } from '../upstream/delivery.ts';
import { describeError } from '../lib/describe-error.ts';
import type { FetchLike } from '../upstream/send-batch.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import { readLimitedText } from '../lib/read-limited.ts';

export interface PrivateServiceNeeds {
  readonly fetch: FetchLike;
  readonly timeoutMs: number;
}

/** What was found. `absent`: there is no such person or message. `text`: of the body, `''` where there is none. */
export type Found = { readonly kind: 'found'; readonly text: string } | { readonly kind: 'absent' };

/** One question. `path` begins with a slash, and has its values percent-encoded. */
export interface ServiceRequest {
  readonly path: string;
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface PrivateService {
  ask(question: ServiceRequest, note: LogNote): Promise<Found | Refusal>;
  /** The answer made no sense. */
  garbage(): Refusal;
}

/** One of Customer.io's services, at one address, which alone gets to see `headers`. */
export function createPrivateService(
  { fetch, timeoutMs }: PrivateServiceNeeds,
  name: string,
  url: string,
  headers: Readonly<Record<string, string>>,
): PrivateService {
  const later = (detail: string, retryAfter?: string): Refusal =>
    comeBackLater('upstream_unavailable', `${name} has not answered: ask again.`, { retryAfter, detail });

  async function ask({ path, ...init }: ServiceRequest, note: LogNote): Promise<Found | Refusal> {
    let response: Response;
    let text: string;
    try {
      [response, text] = await within(timeoutMs, async (signal) => {
        const all = { ...headers, ...init.headers };
        // What a redirect leads to must not see the credential.
        const response = await fetch(url + path, { ...init, headers: all, signal, redirect: 'manual' });
        return [response, await readLimitedText(response)] as const;
      });
    } catch (cause) {
      return later(describeError(cause));
    }
    const { status } = response;
    note.upstreamStatus = status;
    if (response.ok || status === 304) return { kind: 'found', text };
    if (status === 404 || status === 410) return { kind: 'absent' };
    if (status === 400 || status === 422) return refuse(400, 'rejected', `${name} rejected it.`);
    if (status === 408 || status === 429 || status >= 500)
      return later(`${name} answered ${status}.`, retryAfterOf(response));
    const message = 'The proxy cannot answer until its operator corrects it.';
    const detail = `${name} refused the proxy (${status}).`;
    return comeBackLater('upstream_misconfigured', message, { retryAfter: '60', detail });
  }

  return { ask, garbage: () => later(`${name} answered what makes no sense.`) };
}

/** The value of a JSON text; `undefined` when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
