import { comeBackLater, refuse, type Refusal } from '../http/response.ts';
import { within } from '../lib/timeouts.ts';
import { retryAfterOf } from '../upstream/delivery.ts';
import { describeError } from '../lib/describe-error.ts';
import type { FetchLike } from '../upstream/send-batch.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import { readLimitedText } from '../lib/read-limited.ts';

/** The settings of a service. */
export interface PrivateServiceNeeds {
  readonly fetch: FetchLike;
  /** The most time for a request, in milliseconds. */
  readonly timeoutMs: number;
}

/** The result of a request. `absent`: there is no such person or message. `text`: the body, `''` if there is none. */
export type Found = { readonly kind: 'found'; readonly text: string } | { readonly kind: 'absent' };

/** A request. `path` begins with a slash; values in it are percent-encoded. */
export interface ServiceRequest {
  readonly path: string;
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A service of Customer.io with personal data. */
export interface PrivateService {
  /** Sends a request. */
  ask(request: ServiceRequest, note: LogNote): Promise<Found | Refusal>;
  /** The refusal for a response in an unknown form. */
  garbage(): Refusal;
}

/** Creates a client of one service of Customer.io. `headers`, with the credential, are sent to `url` only. */
export function createPrivateService(
  { fetch, timeoutMs }: PrivateServiceNeeds,
  name: string,
  url: string,
  headers: Readonly<Record<string, string>>,
): PrivateService {
  const later = (detail: string, retryAfter?: string): Refusal =>
    comeBackLater('upstream_unavailable', `${name} has not responded: try again.`, {
      retryAfter,
      detail,
    });

  async function ask({ path, ...init }: ServiceRequest, note: LogNote): Promise<Found | Refusal> {
    let response: Response;
    let text: string;
    try {
      [response, text] = await within(timeoutMs, async (signal) => {
        const all = { ...headers, ...init.headers };
        // Redirects are not followed: their target must not get the credential.
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
    if (status === 400 || status === 422) return refuse(400, 'rejected', `${name} rejected the request.`);
    if (status === 408 || status === 429 || status >= 500)
      return later(`${name} returned ${status}.`, retryAfterOf(response));
    const message = 'The proxy cannot answer until its operator corrects it.';
    const detail = `${name} refused the credentials (${status}).`;
    return comeBackLater('upstream_misconfigured', message, { retryAfter: '60', detail });
  }

  return { ask, garbage: () => later(`${name} returned an unreadable response.`) };
}

/** Parses a JSON text. Returns `undefined` when it is not valid. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
