/** The record of all requests to the in-app service and to the hosts of the frame. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Outcome } from './reply.ts';
import type { InAppRoute } from './routes.ts';

/** One request, with everything that it carried. */
export interface InAppRequest {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly route: InAppRoute;
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** All headers, credentials and cookies included. */
  readonly headers: IncomingHttpHeaders;
  /** The decoded user token; empty where there is none. */
  readonly userId: string;
  /** The header `X-Gist-User-Anonymous` is `true`. */
  readonly isGuest: boolean;
  /** At most 100 000 characters of the body. */
  readonly body: string;
  /** `pending`: there is no response yet. */
  readonly outcome: Outcome | 'pending';
}

export interface InAppRecord {
  all(): readonly InAppRequest[];
  /** Adds a request that has arrived. The caller calls the result when the request has ended. */
  add(request: Omit<InAppRequest, 'outcome'>): (outcome: Outcome) => void;
  clear(): void;
}

const MOST_CHARACTERS = 100_000;

/** Keeps the newest `limit` requests. @default 10000 */
export function createInAppRecord(limit = 10_000): InAppRecord {
  let requests: { request: InAppRequest }[] = [];
  return {
    all: () => requests.map(({ request }) => request),
    add(arrived) {
      const body = arrived.body.slice(0, MOST_CHARACTERS);
      const entry = { request: { ...arrived, body, outcome: 'pending' } as InAppRequest };
      requests.push(entry);
      if (requests.length > limit) requests = requests.slice(-limit);
      return (outcome) => {
        entry.request = { ...entry.request, outcome };
      };
    },
    clear() {
      requests = [];
    },
  };
}
