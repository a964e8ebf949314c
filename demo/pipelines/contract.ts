import type { IncomingHttpHeaders } from 'node:http';

/** A request to a service. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

/** The answer of a service to a request. */
export interface Answer {
  readonly service: 'app';
  /** Whom it was asked about. */
  readonly userId: string;
  readonly status: number;
  readonly body?: object | undefined;
}
