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
export type Found =
  | {
      readonly kind: 'found';
      readonly status: number;
      readonly headers: Pick<Headers, 'get'>;
      readonly text: string;
    }
  | { readonly kind: 'absent'; readonly headers: Pick<Headers, 'get'> };

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

/** Where a service is, and how requests to it are made. */
export interface ServiceSettings {
  /** The name of the service in messages. */
  readonly name: string;
  /** The URL, without a slash at its end. */
  readonly url: string;
  /** Returns the headers, with the credential. They are sent to `url` only. Called for each request. */
  readonly headers: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /** Most bytes of an answer, after decompression. A larger answer counts as none. @default 1_000_000 */
  readonly maxAnswerBytes?: number;
}

/** Creates a client of one service of Customer.io. */
export function createPrivateService(
  { fetch, timeoutMs }: PrivateServiceNeeds,
  { name, url, headers, maxAnswerBytes }: ServiceSettings,
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
        const all = { ...(await headers()), ...init.headers };
        // Redirects are not followed: their target must not get the credential.
        const response = await fetch(url + path, { ...init, headers: all, signal, redirect: 'manual' });
        return [response, await readLimitedText(response, maxAnswerBytes)] as const;
      });
    } catch (cause) {
      return later(describeError(cause));
    }
    const { status } = response;
    note.upstreamStatus = status;
    if (response.ok || status === 304) return { kind: 'found', status, headers: response.headers, text };
    if (status === 404 || status === 410) return { kind: 'absent', headers: response.headers };
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
