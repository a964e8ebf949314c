/** What becomes of one request: which of its calls are kept, and what the answer is. */
import { randomUUID } from 'node:crypto';
import { isObject, parseJson } from '../http.ts';
import { isEventType, problems, type ReceivedEvent } from './call.ts';
import type { EventType } from '../../src/protocol/wire.ts';

/** The documented "500 KB", read as the smaller of its two meanings: what passes here passes there. */
export const MAX_BATCH_BYTES = 500_000;

/** One request, read and unpacked. */
export interface Arrival {
  /** The last part of the path, such as `batch`. */
  readonly endpoint: EventType | 'batch';
  /** The body as text; `undefined` when it was too long to read or could not be unpacked. */
  readonly text: string | undefined;
  readonly authorization: string | undefined;
  /** `X-Strict-Mode: 1` was there. */
  readonly strict: boolean;
  /** The name of events that are not valid; `null`: none. */
  readonly reject: string | null;
  /** Milliseconds since the epoch. */
  readonly receivedAtMs: number;
}

export interface Verdict {
  readonly status: number;
  readonly errors: readonly string[];
  readonly events: readonly ReceivedEvent[];
}

/** The endpoint that a path names; `undefined` when there is none. */
export function endpointOf(path: string): EventType | 'batch' | undefined {
  const name = /^\/v1\/([a-z]+)$/.exec(path)?.[1];
  return name === 'batch' || isEventType(name) ? name : undefined;
}

/**
 * Without strict mode Customer.io answers 200 whatever was wrong, and drops the data. How much of a batch one wrong
 * call takes with it is documented for neither mode: here it is the call alone without, and the whole batch with.
 */
export function accept(arrival: Arrival, writeKey: string): Verdict {
  const { strict } = arrival;
  const expected = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;
  if (arrival.authorization !== expected) return refuse(strict, 401, ['the write key is missing or wrong']);

  const limit = arrival.endpoint === 'batch' ? MAX_BATCH_BYTES : undefined;
  if (arrival.text === undefined) return refuse(strict, 400, ['the body is too large or cannot be read']);
  if (limit !== undefined && Buffer.byteLength(arrival.text) > limit) {
    return refuse(strict, 400, ['a batch must not exceed 500 KB']);
  }
  const body = parseJson(arrival.text);
  if (!isObject(body)) return refuse(strict, 400, ['the body must be a JSON object']);
  if (arrival.endpoint !== 'batch') return judge(strict, arrival, [body], arrival.endpoint);
  const calls = body['batch'];
  if (!Array.isArray(calls)) return refuse(strict, 400, ['batch must be an array']);
  return judge(strict, arrival, calls);
}

function judge(strict: boolean, arrival: Arrival, calls: readonly unknown[], type?: EventType): Verdict {
  const found = calls.map((call) => {
    const isTold = arrival.reject !== null && isObject(call) && call['event'] === arrival.reject;
    return [...problems(call, type), ...(isTold ? ['told to reject this event'] : [])];
  });
  const errors = found.flatMap((list, index) =>
    list.map((problem) => (type === undefined ? `batch[${index}]: ${problem}` : problem)),
  );
  if (strict && errors.length > 0) return refuse(strict, 400, errors);
  const receivedAt = new Date(arrival.receivedAtMs).toISOString();
  const events = calls
    .filter((_, index) => found[index]?.length === 0)
    .map((call) => toEvent(call as Readonly<Record<string, unknown>>, receivedAt, type));
  return { status: 200, errors, events };
}

function toEvent(
  call: Readonly<Record<string, unknown>>,
  receivedAt: string,
  type: EventType | undefined,
): ReceivedEvent {
  return {
    ...call,
    type: type ?? (call['type'] as EventType),
    messageId: typeof call['messageId'] === 'string' ? call['messageId'] : randomUUID(),
    timestamp: typeof call['timestamp'] === 'string' ? call['timestamp'] : receivedAt,
    receivedAt,
  };
}

function refuse(strict: boolean, status: 400 | 401, errors: readonly string[]): Verdict {
  return { status: strict ? status : 200, errors, events: [] };
}
