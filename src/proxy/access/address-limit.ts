import type { Refusal } from '../http/response.ts';
import type { ClientIp } from './client-ip.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { RateLimit } from './rate-limit.ts';

export interface AddressLimitNeeds {
  readonly loadRateLimit: () => Promise<RateLimit>;
  readonly clientIp?: ClientIp | undefined;
}

/** Counts a request, and refuses it (429) above the limit. `address`: the sender's IP address; `undefined` if it is not known. */
export type AddressLimit = (address: string | undefined, note: LogNote) => Promise<Refusal | null>;

/** The one requester for all requests without an IP address in the header of `clientIp`. */
const WITHOUT_ADDRESS = 'none';

/**
 * Limits requests by IP address. If the IP address is not known (`proxy.fetch` without `clientIp`), requests are not limited, which
 * is reported once. With `clientIp`, all requests without an IP address in that header are counted as one requester. The server in
 * front of the proxy always writes the header, so these requests have bypassed it.
 */
export function createAddressLimit({ loadRateLimit, clientIp }: AddressLimitNeeds): AddressLimit {
  let isReported = false;

  function reportOnce(note: LogNote): void {
    if (isReported) return;
    isReported = true;
    const problem = clientIp
      ? 'the header of "clientIp" has no IP address: all such requests are counted as one visitor'
      : 'requests are not limited, because this runtime does not report IP addresses: set "clientIp"';
    note.detail = `rateLimit.perAddress: ${problem}.`;
    // oxlint-disable-next-line no-console -- operators without "onLog" would not learn of it otherwise
    console.error(`createProxy: ${note.detail}`);
  }

  return async (address, note) => {
    if (address === undefined) reportOnce(note);
    if (address === undefined && !clientIp) return null;
    return (await loadRateLimit()).ofAddress(address ?? WITHOUT_ADDRESS);
  };
}
