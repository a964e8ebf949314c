import type { WireEvent } from '../../protocol/wire.ts';
import { type ClientIp, readClientIp, withClientIp } from '../access/client-ip.ts';
import { clockSkewOf, withServerTime } from '../batch/clock-skew.ts';
import { describeError } from '../lib/describe-error.ts';
import type { HeaderReader } from '../http/request.ts';
import type { AcceptedEvent } from '../batch/contract.ts';
import { withEvent } from '../batch/accepted-event.ts';
import { isRecord } from '../lib/is-record.ts';

/** The request of a batch, in the form that hooks get. */
export interface RequestInfo {
  /** The request, with its headers. Under `proxy.node` it has no body. */
  readonly request: Request;
  /**
   * The visitor's IP address: that of the header `clientIp`, otherwise that of the other end of the connection. `undefined` if
   * neither is known.
   */
  readonly address?: string | undefined;
}

/**
 * The type of the option `filter`: returns whether the event is delivered. `info` has the request of the batch, with its headers.
 *
 * @example
 * ```ts
 * const filter: Filter = (event, { request }) => !/bot|crawler/i.test(request.headers.get('User-Agent') ?? '');
 * ```
 */
export type Filter = (event: WireEvent, info: RequestInfo) => boolean | Promise<boolean>;

/**
 * The type of the option `transform`: returns the event that is delivered instead of `event`.
 *
 * @example
 * ```ts
 * const transform: Transform = (event) => ({ ...event, properties: { ...event.properties, shop: 'de' } });
 * ```
 */
export type Transform = (event: WireEvent, info: RequestInfo) => WireEvent | Promise<WireEvent>;
type Fields = Readonly<Record<string, unknown>>;

/**
 * The type of the option `enrich`: returns fields for the `context` of every event of the batch.
 *
 * @example
 * ```ts
 * const enrich: Enrich = ({ request }) => ({ country: request.headers.get('CF-IPCountry') });
 * ```
 */
export type Enrich = (info: RequestInfo) => Fields | Promise<Fields>;

export interface HooksNeeds {
  readonly clientIp?: ClientIp | undefined;
  readonly correctClock?: boolean | undefined;
  readonly enrich?: Enrich | undefined;
  readonly filter?: Filter | undefined;
  readonly transform?: Transform | undefined;
}

/** A batch before the hooks. */
export interface ReceivedBatch {
  readonly acceptedEvents: readonly AcceptedEvent[];
  readonly sentAt: string | undefined;
  readonly receivedAtMs: number;
  readonly headers: HeaderReader;
  readonly info: RequestInfo;
}

/** A batch after the hooks, ready to be delivered. */
export interface PreparedBatch {
  readonly acceptedEvents: readonly AcceptedEvent[];
  readonly sentAt: string | undefined;
  /** How many events `filter` has removed. */
  readonly filtered: number;
  /** The events for which `filter` or `transform` has thrown. */
  readonly failed: readonly AcceptedEvent[];
  /** The error of the first of them. */
  readonly failure?: string;
}

/** Applies the hooks to a batch. @throws what `enrich` throws */
export type RunHooks = (batch: ReceivedBatch) => Promise<PreparedBatch>;

/**
 * Makes the function that applies `clientIp`, `correctClock`, `enrich`, `filter` and `transform`, in this order, to each event. An
 * event that is not changed keeps its received bytes. `null`: no option is set that changes events.
 */
export function createHooks({
  clientIp,
  correctClock,
  enrich,
  filter,
  transform,
}: HooksNeeds): RunHooks | null {
  const hasHooks = filter !== undefined || transform !== undefined;
  if (!hasHooks && !clientIp && !correctClock && !enrich) return null;

  return async ({ acceptedEvents, sentAt, receivedAtMs, headers, info }) => {
    const skewMs = correctClock ? clockSkewOf(sentAt, receivedAtMs) : 0;
    const ip = clientIp && readClientIp(headers, clientIp);
    const fields = enrich && (await enrich(info));
    if (enrich && !isRecord(fields)) throw new TypeError('"enrich" must return an object');
    // With a corrected clock `sentAt` is the time of receipt: Customer.io, which may correct clocks too, then finds no difference.
    const prepared = { filtered: 0, sentAt: skewMs === 0 ? sentAt : new Date(receivedAtMs).toISOString() };
    if (!hasHooks && !clientIp && skewMs === 0 && !fields) return { ...prepared, acceptedEvents, failed: [] };

    const withServerFacts = ({ event }: AcceptedEvent): WireEvent => {
      let next = clientIp ? withClientIp(event, ip) : event;
      if (skewMs !== 0) next = withServerTime(next, skewMs);
      return fields ? withContext(next, fields) : next;
    };
    if (!hasHooks) {
      return {
        ...prepared,
        acceptedEvents: acceptedEvents.map((acceptedEvent) => {
          const event = withServerFacts(acceptedEvent);
          return event === acceptedEvent.event ? acceptedEvent : withEvent(acceptedEvent, event);
        }),
        failed: [],
      };
    }

    const verdicts = await Promise.allSettled(
      acceptedEvents.map(async (acceptedEvent) => {
        let next = withServerFacts(acceptedEvent);
        if (filter && !(await filter(next, info))) return null;
        if (transform) next = await transform(next, info);
        if (!isRecord(next)) throw new TypeError('"transform" must return an event');
        // The event is always written as new JSON: a hook may also have changed it in place.
        return withEvent(acceptedEvent, next);
      }),
    );
    const passed = verdicts.map((verdict) => (verdict.status === 'fulfilled' ? verdict.value : null));
    const kept = passed.filter((acceptedEvent) => acceptedEvent !== null);
    const failed = acceptedEvents.filter((_, index) => verdicts[index]?.status === 'rejected');
    const failure = verdicts.find((verdict) => verdict.status === 'rejected');
    return {
      ...prepared,
      acceptedEvents: kept,
      filtered: acceptedEvents.length - kept.length - failed.length,
      failed,
      ...(failure && { failure: describeError(failure.reason) }),
    };
  };
}

/** Returns a copy of the event with `fields` in its `context`, instead of fields of the same names from the browser. */
function withContext(event: WireEvent, fields: Fields): WireEvent {
  return { ...event, context: { ...(isRecord(event.context) && event.context), ...fields } };
}
