/** What Customer.io asks of one call: https://docs.customer.io/integrations/api/cdp/ */
import { isObject } from '../http.ts';
import { EVENT_TYPES, type EventType, MAX_EVENT_BYTES } from '../../src/protocol/wire.ts';

/** One call that passed, with what Customer.io itself adds to it. */
export interface ReceivedEvent extends Readonly<Record<string, unknown>> {
  readonly type: EventType;
  readonly messageId: string;
  /** ISO 8601: when it happened. */
  readonly timestamp: string;
  /** ISO 8601: when it came. */
  readonly receivedAt: string;
}

/** Fields that a call of this type cannot do without; who it is about is asked of all but alias. */
const REQUIRED: Readonly<Record<EventType, readonly string[]>> = {
  identify: [],
  track: ['event'],
  page: [],
  screen: [],
  group: ['groupId'],
  alias: ['userId', 'previousId'],
};

const TEXTS = ['userId', 'anonymousId', 'groupId', 'previousId', 'event', 'name', 'category', 'messageId'];
const OBJECTS = ['properties', 'traits', 'context', 'integrations'];

/** Everything that is wrong with a call; empty when it is fine. `type` is known when the path says it. */
export function problems(call: unknown, type?: EventType): readonly string[] {
  if (!isObject(call)) return ['a call must be an object'];
  const kind = type ?? call['type'];
  if (!isEventType(kind)) return [`type must be one of ${EVENT_TYPES.join(', ')}`];
  const found = REQUIRED[kind].filter((name) => !isText(call[name])).map((name) => `${name} is required`);
  if (kind !== 'alias' && !isText(call['userId']) && !isText(call['anonymousId'])) {
    found.push('userId or anonymousId is required');
  }
  for (const name of TEXTS) {
    if (isPresent(call[name]) && typeof call[name] !== 'string') found.push(`${name} must be a string`);
  }
  for (const name of OBJECTS) {
    if (isPresent(call[name]) && !isObject(call[name])) found.push(`${name} must be an object`);
  }
  if (isPresent(call['timestamp']) && !isTime(call['timestamp'])) found.push('timestamp must be ISO 8601');
  if (Buffer.byteLength(JSON.stringify(call)) > MAX_EVENT_BYTES) found.push('a call must not exceed 32 KB');
  return found;
}

export function isEventType(value: unknown): value is EventType {
  return (EVENT_TYPES as readonly unknown[]).includes(value);
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(Date.parse(value));
}
