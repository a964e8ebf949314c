import type { Incoming } from './incoming.ts';
import type { RequestInfo } from './prepare.ts';

/** What hooks learn of a request, whose `Request` is made for the first who asks. A class, because there is one for every request. */
export class LazyInfo implements RequestInfo {
  readonly address: string | undefined;
  readonly #incoming: Incoming;

  constructor(incoming: Incoming, address: string | undefined) {
    this.#incoming = incoming;
    this.address = address;
  }

  get request(): Request {
    return this.#incoming.request;
  }
}
