import type { RejectedEvent, WireEvent } from '../../protocol/wire.ts';
import type { Refusal } from '../http/response.ts';
import { valuesOf } from '../batch/field-names.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { AcceptedEvent } from '../batch/accepted-event.ts';
import { hasOwnTraits } from './person-traits.ts';
import { mayMerge, withoutForeignMerges } from '../batch/previous-id.ts';
import type { Person, TokenCheck } from './contract.ts';
import type { TokenMode } from './token-options.ts';

/** A batch after everyone's right to speak for its persons has been looked at. */
export interface AuthorizedEvents {
  readonly passed: readonly AcceptedEvent[];
  readonly rejected: readonly RejectedEvent[];
}

/** A refusal: it cannot be said now. */
export type AuthorizeEvents = (
  acceptedEvents: readonly AcceptedEvent[],
  note: LogNote,
) => AuthorizedEvents | Refusal;

/** Looks at who sends, before the body is read. `token`: `null` when only a client key came. */
export type FindAuthorizer = (token: string | null) => AuthorizeEvents | Promise<AuthorizeEvents | Refusal>;

/** Lets everything through but what would merge somebody else: that no mode allows. */
export const authorizeMerges: AuthorizeEvents = (acceptedEvents, note) =>
  noted(withoutForeignMerges(acceptedEvents, null), note);

/** Lets events through only when whoever sends them may speak for the person that they name. */
export function createAuthorizers(mode: Exclude<TokenMode, 'disabled'>, verify: TokenCheck): FindAuthorizer {
  return async (token) => {
    const verdict = token === null ? null : await verify(token);
    if (mode === 'required') {
      if (verdict?.kind === 'refused') return verdict;
      return (acceptedEvents, note) => noted(judge(acceptedEvents, verdict), note);
    }
    const person = verdict?.kind === 'verified' ? verdict : null;
    return (acceptedEvents, note) => {
      const judged = noted(withoutForeignMerges(acceptedEvents, person?.subject ?? null), note);
      // The token might allow what is refused here, and whether it does cannot be found out now.
      const isUnknown = verdict?.kind === 'refused' && verdict.code === 'token_check_failed';
      if (isUnknown && judged.rejected.length > 0) return verdict;
      const { passed } = judged;
      const report =
        verdict?.kind === 'refused'
          ? { [problemOf(verdict)]: passed.length }
          : countErrors(judge(passed, person).rejected);
      if (passed.length > 0 && Object.keys(report).length > 0) note.tokenReport = report;
      return judged;
    };
  };
}

function problemOf({ code, reason }: Refusal): string {
  return reason === undefined ? code : `${code}:${reason}`;
}

function judge(acceptedEvents: readonly AcceptedEvent[], person: Person | null): AuthorizedEvents {
  const passed: AcceptedEvent[] = [];
  const rejected: RejectedEvent[] = [];
  for (const acceptedEvent of acceptedEvents) {
    const { id, event } = acceptedEvent;
    if (maySpeak(event, person)) passed.push(acceptedEvent);
    else rejected.push({ messageId: id, error: person === null ? 'token_required' : 'subject_mismatch' });
  }
  return { passed, rejected };
}

/** `person`: whose token it is; `null` for a client key alone. */
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

function noted(judged: AuthorizedEvents, note: LogNote): AuthorizedEvents {
  if (judged.rejected.length > 0) note.rejected = countErrors(judged.rejected);
  return judged;
}

function countErrors(rejected: readonly RejectedEvent[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { error } of rejected) counts[error] = (counts[error] ?? 0) + 1;
  return counts;
}
