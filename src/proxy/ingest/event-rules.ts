import { EVENT_TYPES } from '../../protocol/wire.ts';
import { refuse, type Refusal } from '../http/response.ts';
import { type EventSummary, MOST_ID_CHARACTERS } from '../batch/event-bytes.ts';
import { privilegedEvent } from './privileged-events.ts';

const KNOWN_TYPES: ReadonlySet<unknown> = new Set(EVENT_TYPES);
const GUARDED_FIELDS: ReadonlySet<string> = new Set(['type', 'event', 'context']);

/** `index`: which of the batch. */
export type EventRules = (
  face: Pick<EventSummary, 'names' | 'type' | 'event' | 'isIdTooLong'>,
  index: number,
) => Refusal | null;

/** What a public key may send. Customer.io judges the rest, in strict mode. */
export function createEventRules(): EventRules {
  const lookedAt = new WeakSet<readonly string[]>();
  // Events often have one name, and one that is written in other letters than ASCII takes a microsecond.
  let lastName = '';

  return ({ names, type, event, isIdTooLong }, index) => {
    if (!KNOWN_TYPES.has(type)) return invalid(index, `.type must be one of ${EVENT_TYPES.join(', ')}.`);
    const twin = lookedAt.has(names) ? undefined : names.find(isTwin);
    if (twin !== undefined) return invalid(index, ` may not have a field "${twin}".`);
    lookedAt.add(names);
    if (isIdTooLong) return invalid(index, `.messageId may have at most ${MOST_ID_CHARACTERS} characters.`);
    // Destinations choose by this field alone, on every type, and compare it as text: ["User Deleted"] would match.
    if (event === null || (event === undefined && type === 'track'))
      return invalid(index, '.event must be a string.');
    if (event === undefined || event === lastName) return null;
    const privileged = privilegedEvent(event);
    if (privileged !== undefined) {
      const message = `${whereIs(index)}: a client key may not send "${privileged}". Send it from your server.`;
      return refuse(400, 'privileged_event', message);
    }
    lastName = event;
    return null;
  };
}

function invalid(index: number, what: string): Refusal {
  return refuse(400, 'invalid_event', whereIs(index) + what);
}

export function whereIs(index: number): string {
  return `batch[${index}]`;
}

/** Some servers read field names whatever their case: the field that is checked here must be the one that they see. */
function isTwin(name: string): boolean {
  return !GUARDED_FIELDS.has(name) && GUARDED_FIELDS.has(name.toLowerCase());
}
