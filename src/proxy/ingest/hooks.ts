import type { WireEvent } from '../../protocol/wire.ts';
import { type ClientIp, readClientIp, withClientIp } from '../access/client-ip.ts';
import { clockSkewOf, withServerTime } from '../batch/clock-skew.ts';
import { describeError } from '../lib/describe-error.ts';
import type { HeaderReader } from '../http/request.ts';
import { type AcceptedEvent, withEvent } from '../batch/accepted-event.ts';
import { isRecord } from '../lib/is-record.ts';

/** What a hook learns besides the event. */
export interface RequestInfo {
  readonly request: Request;
  /** The visitor's: what `clientIp` says, otherwise the other end of the connection, where that is known. */
  readonly address?: string | undefined;
}

export type Filter = (event: WireEvent) => boolean | Promise<boolean>;
export type Transform = (event: WireEvent, info: RequestInfo) => WireEvent | Promise<WireEvent>;
type Fields = Readonly<Record<string, unknown>>;
export type Enrich = (info: RequestInfo) => Fields | Promise<Fields>;

export interface HooksNeeds {
  readonly clientIp?: ClientIp | undefined;
  readonly correctClock?: boolean | undefined;
  readonly enrich?: Enrich | undefined;
  readonly filter?: Filter | undefined;
  readonly transform?: Transform | undefined;
}

/** A batch as it came. */
export interface Arrived {
  readonly acceptedEvents: readonly AcceptedEvent[];
  readonly sentAt: string | undefined;
  readonly receivedAtMs: number;
  readonly headers: HeaderReader;
  readonly info: RequestInfo;
}

/** A batch as it goes on. */
export interface Prepared {
  readonly acceptedEvents: readonly AcceptedEvent[];
  readonly sentAt: string | undefined;
  /** How many were kept back by `filter`. */
  readonly filtered: number;
  /** Those for which a hook failed. */
  readonly failed: readonly AcceptedEvent[];
  /** Why the first of them did. */
  readonly failure?: string;
}

/** @throws what `enrich` throws */
export type RunHooks = (arrived: Arrived) => Promise<Prepared>;

/** Makes of each event what goes on. What nobody changes keeps the text in which it came. `null`: nothing is ever changed. */
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
    // Corrected once: upstream, which may do the same, finds nothing left to correct.
    const prepared = { filtered: 0, sentAt: skewMs === 0 ? sentAt : new Date(receivedAtMs).toISOString() };
    if (!hasHooks && !clientIp && skewMs === 0 && !fields) return { ...prepared, acceptedEvents, failed: [] };

    const known = ({ event }: AcceptedEvent): WireEvent => {
      let next = clientIp ? withClientIp(event, ip) : event;
      if (skewMs !== 0) next = withServerTime(next, skewMs);
      return fields ? withContext(next, fields) : next;
    };
    if (!hasHooks) {
      return {
        ...prepared,
        acceptedEvents: acceptedEvents.map((acceptedEvent) => asItIsNow(acceptedEvent, known(acceptedEvent))),
        failed: [],
      };
    }

    const verdicts = await Promise.allSettled(
      acceptedEvents.map(async (acceptedEvent) => {
        let next = known(acceptedEvent);
        if (filter && !(await filter(next))) return null;
        if (transform) next = await transform(next, info);
        if (!isRecord(next)) throw new TypeError('"transform" must return an event');
        // A hook may also have changed the event in place.
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

function asItIsNow(acceptedEvent: AcceptedEvent, event: WireEvent): AcceptedEvent {
  return event === acceptedEvent.event ? acceptedEvent : withEvent(acceptedEvent, event);
}

/** What the server knows counts more than what the browser says. */
function withContext(event: WireEvent, fields: Fields): WireEvent {
  return { ...event, context: { ...(isRecord(event.context) && event.context), ...fields } };
}
