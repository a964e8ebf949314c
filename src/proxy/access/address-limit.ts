import type { Refusal } from '../http/response.ts';
import type { ClientIp } from './client-ip.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { RateLimit } from './rate-limit.ts';

export interface AddressLimitNeeds {
  readonly limits: () => Promise<RateLimit>;
  readonly clientIp?: ClientIp | undefined;
}

/** Counts a request, and refuses it where it is one too many. `address`: `undefined` where nobody knows it. */
export type AddressLimit = (address: string | undefined, note: LogNote) => Promise<Refusal | null>;

/** All requests that have no address in the header where each should have one. */
const WITHOUT_ADDRESS = 'none';

/**
 * Limits by address. Where a runtime does not tell the other end of a connection (`proxy.fetch`) and there is no `clientIp`, nobody
 * can be limited: that is told, once. With `clientIp` those whose header has no address are counted as one requester: what stands
 * before the proxy writes it, so they have gone around that.
 */
export function createAddressLimit({ limits, clientIp }: AddressLimitNeeds): AddressLimit {
  let isTold = false;

  function tellOnce(note: LogNote): void {
    if (isTold) return;
    isTold = true;
    const problem = clientIp
      ? 'the header of "clientIp" has no address in it: such requests are counted as one requester'
      : 'nobody is limited, because this runtime does not tell addresses: set "clientIp"';
    note.detail = `rateLimit.perAddress: ${problem}.`;
    // oxlint-disable-next-line no-console -- who has no "onLog" would never hear of it
    console.error(`createProxy: ${note.detail}`);
  }

  return async (address, note) => {
    if (address === undefined) tellOnce(note);
    if (address === undefined && !clientIp) return null;
    return (await limits()).ofAddress(address ?? WITHOUT_ADDRESS);
  };
}
