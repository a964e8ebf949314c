import type { RejectedEvent, WireEvent } from '../../protocol/wire.ts';
import { caseless, valuesOf } from './field-names.ts';
import type { AcceptedEvent } from './accepted-event.ts';

const FIELD = 'previousid';

/**
 * What the SDK makes anonymous ids of: a version 4 UUID (RFC 9562), on pages without TLS 36 to 50 random digits. A prefix may
 * stand before either. Nobody can guess one; an e-mail address, a number that counts up or a name has another form.
 */
const RANDOM_ID =
  /^(?:[\w.:-]{0,64}[-_.:])?(?:[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}|\d{36,50})$/i;

/** Whether one of the names of an event's fields may be read as `previousId`. */
export function namesPreviousId(names: readonly string[]): boolean {
  return names.some((name) => name.length === FIELD.length && caseless(name) === FIELD);
}

/**
 * Whether whoever sends the event may give away the person of its `previousId`. `alias` merges that person into the one of
 * `userId`, and Customer.io then deletes it for good: so it must be the subject of a verified token, or the browser's own
 * anonymous id, which the event has as its `anonymousId` too, and which has the form of a random one. The form keeps a client
 * key from naming somebody else's user id in both fields.
 *
 * @param subject of the verified token; `null` where there is none
 */
export function mayMerge(event: WireEvent, subject: string | null): boolean {
  return valuesOf(event, FIELD).every((id) => id === subject || isOwnAnonymousId(id, event));
}

function isOwnAnonymousId(id: unknown, event: WireEvent): boolean {
  if (typeof id !== 'string' || !RANDOM_ID.test(id)) return false;
  const own = valuesOf(event, 'anonymousid');
  return own.length > 0 && own.every((each) => each === id);
}

/** The batch without those events that would merge somebody whom their sender may not give away. */
export function withoutForeignMerges(
  acceptedEvents: readonly AcceptedEvent[],
  subject: string | null,
): { readonly passed: readonly AcceptedEvent[]; readonly rejected: readonly RejectedEvent[] } {
  // Only an event that has the field is parsed for this.
  const foreign = new Set(
    acceptedEvents.filter(
      (acceptedEvent) => acceptedEvent.hasPreviousId && !mayMerge(acceptedEvent.event, subject),
    ),
  );
  if (foreign.size === 0) return { passed: acceptedEvents, rejected: [] };
  const error = subject === null ? 'token_required' : 'subject_mismatch';
  return {
    passed: acceptedEvents.filter((acceptedEvent) => !foreign.has(acceptedEvent)),
    rejected: Array.from(foreign, ({ id }) => ({ messageId: id, error })),
  };
}
