import type { IncomingRequest } from '../http/request.ts';
import type { RequestInfo } from './hooks.ts';

/**
 * The request in the form that hooks get. Under Node its `Request` is made at the first access. A class, because one is made for
 * every request.
 */
export class LazyRequestInfo implements RequestInfo {
  readonly address: string | undefined;
  readonly #incoming: IncomingRequest;

  constructor(incoming: IncomingRequest, address: string | undefined) {
    this.#incoming = incoming;
    this.address = address;
  }

  get request(): Request {
    return this.#incoming.request;
  }
}
