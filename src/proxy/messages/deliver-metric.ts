import { utf8, type WireEvent } from '../../protocol/wire.ts';
import { refuse, type Refusal } from '../http/response.ts';
import type { HeaderReader } from '../http/request.ts';
import { acceptedFromJson } from '../batch/accepted-event.ts';
import type { PassOnce } from '../deduplicate/deduplicate.ts';
import type { RequestInfo } from '../ingest/hooks.ts';
import { createPassOn, type PassOnNeeds } from '../ingest/pass-on.ts';
import type { LogNote } from '../telemetry/request-log.ts';

/** The settings of the delivery, which are those of batches. */
export interface DeliverMetricNeeds extends PassOnNeeds {
  /** The time for hooks and delivery together, in milliseconds. */
  readonly timeoutMs: number;
  /** Deduplication. Without it, a repeated event is sent again. */
  readonly passOnce?: PassOnce | undefined;
}

/** The request with which an event arrived. */
export interface MetricRequest {
  readonly clientKey: string;
  readonly headers: HeaderReader;
  readonly info: RequestInfo;
}

/** Delivers an event that the proxy itself has made. Returns `null` when Customer.io has accepted it. */
export type DeliverMetric = (
  event: WireEvent,
  request: MetricRequest,
  note: LogNote,
) => Promise<Refusal | null>;

/** Makes the delivery of an event by the way of all batches: with deduplication, hooks, merging and retries. */
export function createDeliverMetric(needs: DeliverMetricNeeds): DeliverMetric {
  const passOnFor = createPassOn(needs);
  const passOnce: PassOnce =
    needs.passOnce ?? (({ acceptedEvents }, passOn) => passOn(acceptedEvents, () => {}));

  return async (event, { clientKey, headers, info }, note) => {
    // Deduplication compares bytes. A report that is repeated without a time of its own gets a new time here, and is the same
    // report: so the bytes that are compared have no time.
    const { timestamp: _timestamp, ...same } = event;
    const bytes = new Uint8Array(utf8.encode(JSON.stringify(same)));
    const span = { from: 0, to: bytes.length };
    const acceptedEvents = [acceptedFromJson(event, JSON.stringify(event), span)];
    const admitted = {
      kind: 'admitted',
      acceptedEvents,
      sentAt: undefined,
      receivedBody: undefined,
    } as const;
    const endsAt = performance.now() + needs.timeoutMs;
    const passOn = passOnFor({ admitted, receivedAtMs: Date.now(), headers, info, endsAt, clientKey }, note);
    const { refusal, rejected } = await passOnce({ acceptedEvents, clientKey, bytes, endsAt }, passOn, note);
    if (refusal) return refusal;
    const [first] = rejected;
    if (first) return refuse(400, 'rejected', `The event was rejected: ${first.reason ?? first.error}.`);
    note.events = 1;
    return null;
  };
}
