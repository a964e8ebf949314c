import type { RejectedEvent, WireEvent } from '../wire.ts';
import { sendInHalves } from './bisect.ts';
import { retryAfterMs } from './breaker.ts';
import { resolveForwarder } from './check-forwarder-options.ts';
import { within } from './deadline.ts';
import type { Delivery } from './delivery.ts';
import { describe } from './describe.ts';
import { bodyOf } from './dispatch.ts';
import { createForward } from './forward.ts';
import { type Note, tell } from './log.ts';
import { inGroups, MAX_BATCH_BYTES, unpackBatch } from './message.ts';
import type { ProxyOptions } from './options.ts';
import { type Parcel, writtenParcel } from './parcel.ts';
import { createUpstream } from './upstream.ts';

/** As the options of the proxy with these names. */
export interface ForwarderOptions extends Pick<
  ProxyOptions,
  'writeKey' | 'region' | 'upstreamUrl' | 'upstream' | 'fetch'
> {
  /** How long one request to Customer.io may take, with its retries, in milliseconds. @default 10_000 */
  timeoutMs?: number | undefined;
  /** Told of every message, once, when it is known what becomes of it. */
  onLog?: ((entry: ForwardLogEntry) => void) | undefined;
}

/** Brings messages from a broker to Customer.io. */
export interface Forwarder {
  /**
   * Brings the events of one message there, in their order. `message`: what `packBatch` has made. Several may be under way
   * side by side. Never rejects; what it answers says what to do with the message.
   */
  forward(message: Uint8Array | ArrayBuffer | string, info?: ForwardInfo): Promise<ForwardOutcome>;
}

export interface ForwardInfo {
  /**
   * How often the broker has given this message, from 1. An event to which Customer.io answers 500 again and again is found
   * only where this is known.
   *
   * @default 1
   */
  readonly attempt?: number | undefined;
}

/** What to do with a message. */
export type ForwardOutcome =
  /** Take it away: Customer.io has its events, but those that it will never take. */
  | { readonly kind: 'done'; readonly rejected: readonly RejectedEvent[] }
  /** Give it again, not before `delayMs`. `isDown`: any other message would fare the same now. */
  | { readonly kind: 'later'; readonly delayMs: number; readonly isDown: boolean; readonly reason: string }
  /** Put it aside for a person to look at: it is no batch, or Customer.io answers 500 to an event of it, again and again. */
  | { readonly kind: 'never'; readonly reason: string };

/** What is told of one message: no payload, no key. */
export interface ForwardLogEntry {
  /** ISO 8601. */
  readonly time: string;
  readonly outcome: ForwardOutcome['kind'];
  readonly durationMs: number;
  readonly attempt: number;
  /** How many are in the message. */
  readonly events: number;
  /** Those of them that Customer.io will never take, and why. */
  readonly rejected?: readonly RejectedEvent[];
  readonly delayMs?: number;
  /** What Customer.io has answered last. */
  readonly upstreamStatus?: number;
  /** How often it was asked. */
  readonly upstreamRequests?: number;
  /** Why, in words. */
  readonly detail?: string;
}

/** From this attempt on, an event is looked for to which Customer.io answers 500. */
const SUSPECT_AFTER = 5;
const MISCONFIGURED_MS = 60_000;
const NEWER_MS = 60_000;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
/** `{"batch":[],"sentAt":"…"}` around the events. */
const FRAME_BYTES = 100;

/** What is known of a message on its way. */
interface Run {
  readonly attempt: number;
  readonly note: Note;
  readonly rejected: RejectedEvent[];
  events: number;
}

/**
 * Makes a forwarder: the part of the proxy that speaks to Customer.io, for what comes from a broker. It keeps nothing; any
 * number of copies can run side by side.
 *
 * @throws SdkError `invalid-options`, naming every option that is missing, unknown or wrong
 */
export function createForwarder(options: ForwarderOptions): Forwarder {
  const settings = resolveForwarder(options);
  const { timeoutMs, onLog } = settings;
  const upstream = createUpstream(createForward(settings), settings.upstream);
  let deliveries = 0;

  async function ask(parcels: readonly Parcel[], sentAt: string | undefined, note: Note): Promise<Delivery> {
    const endsAt = performance.now() + timeoutMs;
    return within(timeoutMs, (signal) =>
      upstream.send(bodyOf(parcels, sentAt), { signal, endsAt }, note),
    ).catch((cause: unknown): Delivery => ({ kind: 'unavailable', detail: describe(cause) }));
  }

  function later(delivery: Exclude<Delivery, { kind: 'delivered' }>, attempt: number): ForwardOutcome {
    const reason = 'detail' in delivery ? delivery.detail : delivery.kind;
    const asked = delivery.kind === 'unavailable' ? retryAfterMs(delivery.retryAfter) : MISCONFIGURED_MS;
    const isDown = upstream.state().health !== 'up';
    return { kind: 'later', delayMs: Math.ceil(asked ?? backoffMs(attempt)), isDown, reason };
  }

  async function bring(message: Uint8Array | ArrayBuffer | string, run: Run): Promise<ForwardOutcome> {
    const { attempt, note, rejected } = run;
    const unpacked = unpackBatch(message);
    if (unpacked.kind === 'foreign') return { kind: 'never', reason: unpacked.reason };
    if (unpacked.kind === 'newer') {
      const reason = 'A newer version of cio-first-party has written it: update the forwarder.';
      return { kind: 'later', delayMs: NEWER_MS, isDown: false, reason };
    }
    const { batch, sentAt } = unpacked.batch;
    run.events = batch.length;
    const before = deliveries;
    let indigestible = 0;

    const send = async (parcels: readonly Parcel[]): Promise<Delivery> => {
      const delivery = await ask(parcels, sentAt, note);
      if (delivery.kind === 'delivered') deliveries += 1;
      if (delivery.kind === 'too-large')
        return { kind: 'rejected', status: delivery.status, reason: 'too large for Customer.io' };
      if (attempt < SUSPECT_AFTER || !mayBeTheEvent(delivery)) return delivery;
      if (parcels.length === 1) indigestible += 1;
      return { kind: 'rejected', status: delivery.status ?? 500, reason: `answered ${delivery.status}` };
    };

    for (const parcels of inBodies(batch)) {
      // Nobody else would halve it: there is no limit to time and requests but that of each request.
      const delivery = await sendInHalves(parcels, send, () => Infinity, Infinity);
      if (delivery.kind === 'delivered') {
        for (const { id, reason } of delivery.rejected ?? []) rejected.push(rejection(id, reason));
      } else if (delivery.kind === 'rejected') {
        rejected.push(rejection(parcels[0]?.id ?? null, delivery.reason));
      } else {
        return later(delivery, attempt);
      }
    }
    if (indigestible === 0) return { kind: 'done', rejected };
    const reason = `Customer.io fails, again and again, over ${indigestible} of ${batch.length} events.`;
    // Where it takes nothing else, it is Customer.io.
    if (deliveries === before) return later({ kind: 'unavailable', detail: reason }, attempt);
    return { kind: 'never', reason };
  }

  return {
    async forward(message, { attempt = 1 } = {}) {
      const started = Date.now();
      const run: Run = { attempt, note: {}, rejected: [], events: 0 };
      const outcome = await bring(message, run).catch((cause: unknown): ForwardOutcome => {
        const delayMs = Math.ceil(backoffMs(attempt));
        return { kind: 'later', delayMs, isDown: false, reason: describe(cause) };
      });
      const { upstreamStatus, upstreamRequests } = run.note;
      tell<ForwardLogEntry>(onLog, {
        time: new Date(started).toISOString(),
        outcome: outcome.kind,
        durationMs: Date.now() - started,
        attempt,
        events: run.events,
        ...(run.rejected.length > 0 && { rejected: run.rejected }),
        ...(outcome.kind === 'later' && { delayMs: outcome.delayMs }),
        ...(upstreamStatus !== undefined && { upstreamStatus }),
        ...(upstreamRequests !== undefined && { upstreamRequests }),
        ...(outcome.kind !== 'done' && { detail: outcome.reason }),
      });
      return outcome;
    },
  };
}

/** A batch, as one or more requests. */
function inBodies(batch: readonly WireEvent[]): readonly (readonly Parcel[])[] {
  const texts = batch.map((event) => JSON.stringify(event));
  const parcels = batch.map((event, i) => writtenParcel(event, texts[i] ?? ''));
  const groups = inGroups(texts, MAX_BATCH_BYTES - FRAME_BYTES);
  let from = 0;
  return groups.map(({ length }) => parcels.slice(from, (from += length)));
}

/** Its own fault, more likely than that of a server that is down or wants to be left alone. */
function mayBeTheEvent(delivery: Delivery): boolean {
  const { kind, status = 0 } = delivery;
  return kind === 'unavailable' && delivery.retryAfter === undefined && (status === 500 || status > 504);
}

function rejection(messageId: string | null, reason: string): RejectedEvent {
  return { messageId, error: 'rejected', ...(reason && { reason }) };
}

function backoffMs(attempt: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
}
