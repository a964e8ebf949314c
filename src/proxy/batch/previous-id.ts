import type { RejectedEvent, WireEvent } from '../../protocol/wire.ts';
import { caseless, valuesOf } from './field-names.ts';
import type { AcceptedEvent } from './contract.ts';

const FIELD = 'previousid';

/**
 * The form of the anonymous ids that the SDK makes: a version 4 UUID (RFC 9562), or 36 to 50 random digits on pages without TLS.
 * Both forms may have a prefix. Such an id cannot be guessed; an e-mail address, a number that counts up or a name has another form.
 */
const RANDOM_ID =
  /^(?:[\w.:-]{0,64}[-_.:])?(?:[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}|\d{36,50})$/i;

/** Whether one of the names of an event's fields may be read as `previousId`. */
export function namesPreviousId(names: readonly string[]): boolean {
  return names.some((name) => name.length === FIELD.length && caseless(name) === FIELD);
}

/**
 * Whether the sender of the event may have the person of its `previousId` merged. `alias` merges that person into the person of
 * `userId`, and Customer.io then permanently deletes the first person. So the `previousId` must be the subject of a verified token,
 * or the browser's own anonymous id, which is equal to the event's `anonymousId` and has the form of a random id. Without the check
 * of the form, a sender with only a client key could write the user id of another person into both fields.
 *
 * @param subject of the verified token; `null` where the request has none
 */
export function mayMerge(event: WireEvent, subject: string | null): boolean {
  return valuesOf(event, FIELD).every((id) => id === subject || isOwnAnonymousId(id, event));
}

function isOwnAnonymousId(id: unknown, event: WireEvent): boolean {
  if (typeof id !== 'string' || !RANDOM_ID.test(id)) return false;
  const own = valuesOf(event, 'anonymousid');
  return own.length > 0 && own.every((each) => each === id);
}

/** Splits the batch: `rejected` are the events whose `previousId` their sender may not have merged ({@link mayMerge}). */
export function withoutForeignMerges(
  acceptedEvents: readonly AcceptedEvent[],
  subject: string | null,
): { readonly passed: readonly AcceptedEvent[]; readonly rejected: readonly RejectedEvent[] } {
  // `acceptedEvent.event` parses the JSON: it is read only for events that have the field.
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
