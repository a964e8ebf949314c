import { EVENT_TYPES } from '../wire.ts';
import { refuse, type Refusal } from './answer.ts';
import type { Face } from './event-bytes.ts';

/**
 * `track` calls that delete, suppress or forge: a key that every visitor has must never send them.
 * https://docs.customer.io/integrations/data-in/semantic-events/cio-journeys/
 */
const PRIVILEGED_EVENTS: ReadonlySet<string> = new Set(
  [
    'User Deleted',
    'User Suppressed',
    'User Unsuppressed',
    'Object Deleted',
    'Relationship Deleted',
    'Device Created or Updated',
    'Device Deleted',
    'Report Delivery Event',
    'Report Content Event',
  ].map((name) => name.toLowerCase()),
);

const KNOWN_TYPES: ReadonlySet<unknown> = new Set(EVENT_TYPES);
const GUARDED_FIELDS: ReadonlySet<string> = new Set(['type', 'event', 'context']);

/** `index`: which of the batch. */
export type EventRules = (face: Pick<Face, 'names' | 'type' | 'event'>, index: number) => Refusal | null;

/** What a public key may send, for the events of one batch. Customer.io judges the rest, in strict mode. */
export function createEventRules(): EventRules {
  const lookedAt = new Set<readonly string[]>();

  return ({ names, type, event }, index) => {
    const invalid = (what: string): Refusal => refuse(400, 'invalid_event', whereIs(index) + what);

    if (!KNOWN_TYPES.has(type)) return invalid(`.type must be one of ${EVENT_TYPES.join(', ')}.`);
    const twin = lookedAt.has(names) ? undefined : names.find(isTwin);
    if (twin !== undefined) return invalid(` may not have a field "${twin}".`);
    lookedAt.add(names);
    // Destinations choose by this field alone, on every type, and compare it as text: ["User Deleted"] would match.
    if (event === null || (event === undefined && type === 'track'))
      return invalid('.event must be a string.');
    if (event !== undefined && PRIVILEGED_EVENTS.has(event.trim().toLowerCase())) {
      const message = `${whereIs(index)}: a client key may not send "${event.trim()}". Send it from your server.`;
      return refuse(400, 'privileged_event', message);
    }
    return null;
  };
}

export function whereIs(index: number): string {
  return `batch[${index}]`;
}

/** Some servers read field names whatever their case: the field that is checked here must be the one that they see. */
function isTwin(name: string): boolean {
  return !GUARDED_FIELDS.has(name) && GUARDED_FIELDS.has(name.toLowerCase());
}
