import type { RejectedEvent } from '../../protocol/wire.ts';
import type { AcceptedEvent } from '../batch/contract.ts';
import { valuesOf } from '../batch/field-names.ts';
import { isRefusal, type Refusal } from '../http/response.ts';
import { type AuthorizeEvents, createAuthorizers } from '../tokens/authorize-events.ts';
import type { TokenCheck } from '../tokens/contract.ts';

/**
 * The privileged events that a person may send with a customer token: they add a device to the person, or remove it. With a client
 * key alone they would let every visitor receive the push messages of another person.
 */
export const DEVICE_EVENTS: ReadonlySet<string> = new Set(['Device Created or Updated', 'Device Deleted']);

/** Says why an event about a device is refused; `null`: it may be sent. A refusal: that cannot be decided now. */
export type JudgeDeviceEvent = (
  acceptedEvent: AcceptedEvent,
) => Promise<RejectedEvent['error'] | null | Refusal>;

/**
 * Makes the check of events about devices, for one request. The check is the same in every `customerToken.mode`: the token must be
 * valid, and its subject must be the `userId` of the event.
 */
export function createDeviceCheck(checkToken: TokenCheck, token: string | null): JudgeDeviceEvent {
  let found: AuthorizeEvents | Refusal | undefined;

  return async (acceptedEvent) => {
    if (token === null || valuesOf(acceptedEvent.event, 'userid').length === 0) return 'token_required';
    found ??= await createAuthorizers('required', checkToken)(token);
    const authorized = isRefusal(found) ? found : found([acceptedEvent], {});
    if (isRefusal(authorized)) return authorized;
    return authorized.rejected[0]?.error ?? null;
  };
}
