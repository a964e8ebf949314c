import type { IncomingRequest } from '../http/request.ts';
import type { RequestInfo } from './hooks.ts';

/** What hooks learn of a request, whose `Request` is made for the first who asks. A class, because there is one for every request. */
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
