import type { RejectedEvent, WireEvent } from '../../protocol/wire.ts';
import type { Refusal } from '../http/response.ts';
import { valuesOf } from '../batch/field-names.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { AcceptedEvent } from '../batch/contract.ts';
import { hasOwnTraits } from './person-traits.ts';
import { mayMerge, withoutForeignMerges } from '../batch/previous-id.ts';
import type { Person, TokenCheck } from './contract.ts';
import type { TokenMode } from './token-options.ts';

/** A batch, split by whether the sender may send each event for the person that it names. */
export interface AuthorizedEvents {
  readonly passed: readonly AcceptedEvent[];
  readonly rejected: readonly RejectedEvent[];
}

/** Splits a batch into events that the sender may send and those that it may not. A refusal: that cannot be decided now. */
export type AuthorizeEvents = (
  acceptedEvents: readonly AcceptedEvent[],
  note: LogNote,
) => AuthorizedEvents | Refusal;

/** Checks the token of a request before its body is read. `token`: `null` when the request has only a client key. */
export type FindAuthorizer = (token: string | null) => AuthorizeEvents | Promise<AuthorizeEvents | Refusal>;

/** Lets all events through except those that would merge another person, which no mode allows. */
export const authorizeMerges: AuthorizeEvents = (acceptedEvents, note) =>
  noted(withoutForeignMerges(acceptedEvents, null), note);

/**
 * Makes the check for proxies with customer tokens. In the mode `required` an event passes only when the token allows its sender to
 * send it for the person that it names. In the mode `report` the log counts the events that `required` would refuse.
 */
export function createAuthorizers(mode: Exclude<TokenMode, 'disabled'>, verify: TokenCheck): FindAuthorizer {
  return async (token) => {
    const verdict = token === null ? null : await verify(token);
    if (mode === 'required') {
      if (verdict?.kind === 'refused') return verdict;
      return (acceptedEvents, note) => noted(splitByRight(acceptedEvents, verdict), note);
    }
    const person = verdict?.kind === 'verified' ? verdict : null;
    return (acceptedEvents, note) => {
      const authorized = noted(withoutForeignMerges(acceptedEvents, person?.subject ?? null), note);
      // The token, which could not be verified now, may allow the merges that are refused without it: the browser must try again.
      const isUnknown = verdict?.kind === 'refused' && verdict.code === 'token_check_failed';
      if (isUnknown && authorized.rejected.length > 0) return verdict;
      const { passed } = authorized;
      const report =
        verdict?.kind === 'refused'
          ? { [problemOf(verdict)]: passed.length }
          : countErrors(splitByRight(passed, person).rejected);
      if (passed.length > 0 && Object.keys(report).length > 0) {
        note.tokenReport = report;
        if (verdict?.kind === 'refused' && verdict.detail !== undefined) note.detail = verdict.detail;
      }
      return authorized;
    };
  };
}

function problemOf({ code, reason }: Refusal): string {
  return reason === undefined ? code : `${code}:${reason}`;
}

function splitByRight(acceptedEvents: readonly AcceptedEvent[], person: Person | null): AuthorizedEvents {
  const passed: AcceptedEvent[] = [];
  const rejected: RejectedEvent[] = [];
  for (const acceptedEvent of acceptedEvents) {
    const { id, event } = acceptedEvent;
    if (maySpeak(event, person)) passed.push(acceptedEvent);
    else rejected.push({ messageId: id, error: person === null ? 'token_required' : 'subject_mismatch' });
  }
  return { passed, rejected };
}

/** Whether the sender may send the event for the person that it names. `person`: the subject of the token; `null` for a client key alone. */
function maySpeak(event: WireEvent, person: Person | null): boolean {
  // A group call writes the attributes of an object that all its members share.
  if (event.type === 'group' && person === null) return false;
  const subject = person?.subject ?? null;
  return (
    valuesOf(event, 'userid').every((userId) => userId === subject) &&
    mayMerge(event, subject) &&
    hasOwnTraits(event, person)
  );
}

function noted(authorized: AuthorizedEvents, note: LogNote): AuthorizedEvents {
  if (authorized.rejected.length > 0) note.rejected = countErrors(authorized.rejected);
  return authorized;
}

function countErrors(rejected: readonly RejectedEvent[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { error } of rejected) counts[error] = (counts[error] ?? 0) + 1;
  return counts;
}
