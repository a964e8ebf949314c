import type { CameWhole } from './admission.ts';
import { networkOf } from './network.ts';
import type { Parcel } from './parcel.ts';
import type { Accept } from './passage.ts';
import type { RequestInfo } from './prepare.ts';

/** A batch that has passed every check, on its way to where it is safe. */
export interface Shipment {
  readonly parcels: readonly Parcel[];
  readonly sentAt?: string | undefined;
  /** All this as it came, where nothing has been changed. */
  readonly came?: CameWhole | undefined;
  readonly info: RequestInfo;
  /** When its time is over, by `performance.now()`. */
  readonly endsAt: number;
  readonly clientKey: string;
  readonly accept?: Accept | undefined;
}

/** Who has sent it, as far as that is known: where the address is not, it may be anybody. */
export function senderOf({ clientKey, info: { address } }: Shipment): string | undefined {
  return address === undefined ? undefined : `${networkOf(address)} ${clientKey}`;
}
