import type { RejectedEvent } from '../../protocol/wire.ts';
import { resolveForwarder } from './forwarder-options.ts';
import { createMessageDelivery } from './deliver-messages.ts';
import { createMessageQueue, type QueuedMessage, type ReportOutcome } from './message-queue.ts';
import { writeLog } from '../telemetry/request-log.ts';
import { bytesOf, unpackBatch } from './message.ts';
import type { ProxyOptions } from '../proxy-options.ts';
import { acceptedFromJson } from '../batch/accepted-event.ts';

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
   * side by side: those that come while others are under way go with them in one request (`upstream.merge`). Never rejects;
   * what it answers says what to do with the message.
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
  /** How often it was asked. Of several messages that went in one request, the first one counts it. */
  readonly upstreamRequests?: number;
  /** How many messages were in that request, where there were others. */
  readonly merged?: number;
  /** Why, in words. */
  readonly detail?: string;
}

const NEWER_MS = 60_000;

/**
 * Makes a forwarder: the part of the proxy that speaks to Customer.io, for what comes from a broker. It keeps nothing; any
 * number of copies can run side by side.
 *
 * @throws SdkError `invalid-options`, naming every option that is missing, unknown or wrong
 */
export function createForwarder(options: ForwarderOptions): Forwarder {
  const { onLog, ...settings } = resolveForwarder(options);
  const { alone, together } = createMessageDelivery(settings);
  const carry = settings.merge ? createMessageQueue(settings.merge.waitMs, together) : alone;

  return {
    async forward(message, { attempt = 1 } = {}) {
      const started = Date.now();
      const report: ReportOutcome = { attempt, note: {}, rejected: [], merged: 1 };
      const contents = contentsOf(message);
      const outcome =
        'kind' in contents
          ? contents
          : await new Promise<ForwardOutcome>((settle) => carry({ ...contents, report, settle }));
      const { note, rejected, merged } = report;
      const { upstreamStatus, upstreamRequests } = note;
      writeLog<ForwardLogEntry>(onLog, {
        time: new Date(started).toISOString(),
        outcome: outcome.kind,
        durationMs: Date.now() - started,
        attempt,
        events: 'kind' in contents ? 0 : contents.acceptedEvents.length,
        ...(rejected.length > 0 && { rejected }),
        ...(outcome.kind === 'later' && { delayMs: outcome.delayMs }),
        ...(upstreamStatus !== undefined && { upstreamStatus }),
        ...(upstreamRequests !== undefined && { upstreamRequests }),
        ...(merged > 1 && { merged }),
        ...(outcome.kind !== 'done' && { detail: outcome.reason }),
      });
      return outcome;
    },
  };
}

/** What is in a message, or what to do with one that cannot be read. */
function contentsOf(
  message: Uint8Array | ArrayBuffer | string,
): Pick<QueuedMessage, 'acceptedEvents' | 'sentAt' | 'bytes'> | ForwardOutcome {
  const unpacked = unpackBatch(message);
  if (unpacked.kind === 'foreign') return { kind: 'never', reason: unpacked.reason };
  if (unpacked.kind === 'newer') {
    const reason = 'A newer version of cio-first-party has written it: update the forwarder.';
    return { kind: 'later', delayMs: NEWER_MS, isDown: false, reason };
  }
  const { batch, sentAt } = unpacked.batch;
  const texts = batch.map((event) => JSON.stringify(event));
  const acceptedEvents = batch.map((event, i) => acceptedFromJson(event, texts[i] ?? ''));
  const bytes = texts.reduce((sum, text) => sum + bytesOf(text) + ','.length, 0);
  return { acceptedEvents, sentAt, bytes };
}
