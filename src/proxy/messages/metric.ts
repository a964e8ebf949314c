import type { WireEvent } from '../../protocol/wire.ts';
import { refuse, type Refusal } from '../http/response.ts';
import { MOST_ID_CHARACTERS } from '../batch/event-bytes.ts';
import { isRecord } from '../lib/is-record.ts';
import type { HandleContent } from './handle.ts';

/** A visitor's action on a message, read from the body of a request. */
export interface Metric {
  readonly kind: 'metric';
  readonly handle: string;
  readonly metric: 'opened' | 'clicked';
  readonly actionName: string | undefined;
  readonly actionValue: string | undefined;
  readonly messageId: string;
  /** ISO 8601. */
  readonly timestamp: string;
}

/** Most characters of the name and of the value of an action. Values are mostly URLs. */
const MOST_ACTION_CHARACTERS = 4_000;

/** Reads the body of a request, or refuses it (400). */
export function metricOf(fields: Readonly<Record<string, unknown>>): Metric | Refusal {
  const { handle, metric, action = {}, messageId = crypto.randomUUID(), timestamp } = fields;
  if (typeof handle !== 'string') return invalid('"handle" must be a text');
  if (metric !== 'opened' && metric !== 'clicked') return invalid('"metric" must be "opened" or "clicked"');
  if (!isRecord(action)) return invalid('"action" must be an object');
  const { name: actionName, value: actionValue } = action;
  if (!isActionText(actionName) || !isActionText(actionValue))
    return invalid(`"action" must have texts of at most ${MOST_ACTION_CHARACTERS} characters`);
  if (typeof messageId !== 'string' || messageId === '' || messageId.length > MOST_ID_CHARACTERS)
    return invalid(`"messageId" must be a text of at most ${MOST_ID_CHARACTERS} characters`);
  const time = timestamp === undefined ? Date.now() : timeOf(timestamp);
  if (Number.isNaN(time)) return invalid('"timestamp" must be a time in ISO 8601');
  return {
    kind: 'metric',
    handle,
    metric,
    actionName,
    actionValue,
    messageId,
    timestamp: new Date(time).toISOString(),
  };
}

/**
 * Makes the event that Customer.io counts. The page chooses only what a visitor of its own can have done; who it was, and with which
 * message, is what the proxy has signed.
 */
export function eventOf({ recipient, reported }: HandleContent, metric: Metric): WireEvent {
  const { actionName, actionValue, messageId, timestamp } = metric;
  const action = {
    ...(actionName !== undefined && { actionName }),
    ...(actionValue !== undefined && { actionValue }),
  };
  return {
    type: 'track',
    messageId,
    timestamp,
    ...(recipient.kind === 'person' ? { userId: recipient.id } : { anonymousId: recipient.id }),
    ...('deliveryId' in reported
      ? { event: 'Report Delivery Event', properties: { ...reported, metric: metric.metric, ...action } }
      : {
          event: 'Report Content Event',
          properties: {
            actionType: metric.metric === 'opened' ? 'viewed_content' : 'clicked_content',
            ...reported,
            contentType: 'in_app_content',
            ...action,
          },
        }),
    context: {},
  };
}

function invalid(problem: string): Refusal {
  return refuse(400, 'invalid_body', `${problem}.`);
}

function isActionText(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value.length <= MOST_ACTION_CHARACTERS);
}

/** The milliseconds of a time in ISO 8601; `NaN` for anything else, such as a number. */
function timeOf(timestamp: unknown): number {
  return typeof timestamp === 'string' && /^\d{4}-\d\d-\d\dT/.test(timestamp) ? Date.parse(timestamp) : NaN;
}
