import { METRIC_TYPE } from '../../protocol/messages.ts';
import { EVENT_TYPES } from '../../protocol/wire.ts';
import { refuse, type Refusal } from '../http/response.ts';
import { type EventSummary, MOST_ID_CHARACTERS } from '../batch/event-bytes.ts';
import { privilegedEvent } from './privileged-events.ts';

const KNOWN_TYPES: ReadonlySet<unknown> = new Set(EVENT_TYPES);
const GUARDED_FIELDS: ReadonlySet<string> = new Set(['type', 'event', 'context']);

/**
 * Checks an event by its summary; returns the refusal of the batch where the event breaks a rule. `index`: its place in the batch.
 * `allowed`: the privileged events that this batch may have.
 */
export type EventRules = (
  summary: Pick<EventSummary, 'names' | 'type' | 'event' | 'isIdTooLong'>,
  index: number,
  allowed?: ReadonlySet<string>,
) => Refusal | null;

/**
 * Makes the rules for events that are sent with a client key, which every visitor can read. All else is checked by Customer.io, in
 * its strict mode.
 */
export function createEventRules(): EventRules {
  const checkedNames = new WeakSet<readonly string[]>();
  // The last name that was found harmless: events in a row often have the same one, and the check of a name with characters outside
  // ASCII takes a microsecond.
  let lastName = '';

  return ({ names, type, event, isIdTooLong }, index, allowed) => {
    // The fields of a metric are not sent on: the proxy makes another event out of its handle.
    if (type === METRIC_TYPE) return null;
    if (!KNOWN_TYPES.has(type)) return invalid(index, `.type must be one of ${EVENT_TYPES.join(', ')}.`);
    const lookalike = checkedNames.has(names) ? undefined : names.find(isLookalike);
    if (lookalike !== undefined) return invalid(index, ` may not have a field "${lookalike}".`);
    checkedNames.add(names);
    if (isIdTooLong) return invalid(index, `.messageId may have at most ${MOST_ID_CHARACTERS} characters.`);
    // Destinations of Customer.io select events by this field alone, whatever the `type`, and compare it as a text: the list
    // ["User Deleted"] would match.
    if (event === null || (event === undefined && type === 'track'))
      return invalid(index, '.event must be a string.');
    if (event === undefined || event === lastName) return null;
    const privileged = privilegedEvent(event);
    if (privileged !== undefined) {
      // The name is not remembered as harmless: the next batch may not have it.
      if (allowed?.has(privileged)) return null;
      const message = `${whereIs(index)}: a client key may not send "${privileged}". Send it from your server.`;
      return refuse(400, 'privileged_event', message);
    }
    lastName = event;
    return null;
  };
}

function invalid(index: number, problem: string): Refusal {
  return refuse(400, 'invalid_event', whereIs(index) + problem);
}

/** The place of an event in messages. */
export function whereIs(index: number): string {
  return `batch[${index}]`;
}

/**
 * Whether a name differs from a checked field only in the case of its letters. Servers that ignore the case of names would read such
 * a field in place of the one that is checked here.
 */
function isLookalike(name: string): boolean {
  return !GUARDED_FIELDS.has(name) && GUARDED_FIELDS.has(name.toLowerCase());
}
