import { resolveForwarder } from './forwarder-options.ts';
import { createMessageDelivery } from './deliver-messages.ts';
import { createMessageQueue, type QueuedMessage, type ReportOutcome } from './message-queue.ts';
import { warnOfPlainHttp } from '../options/warn-plain-http.ts';
import { writeLog } from '../telemetry/request-log.ts';
import { bytesOf, unpackBatch } from './message.ts';
import { acceptedFromJson } from '../batch/accepted-event.ts';
import type { Forwarder, ForwarderOptions, ForwardLogEntry, ForwardOutcome } from './contract.ts';

/** The delay for messages that a newer version has written: an update of the forwarder takes a while. */
const NEWER_MS = 60_000;

/**
 * Creates a forwarder, which sends messages from a message queue to Customer.io. The forwarder stores nothing, so any
 * number of replicas can run side by side.
 *
 * @example
 * const forwarder = createForwarder({ writeKey: process.env.CIO_WRITE_KEY ?? '' });
 * const outcome = await forwarder.forward(message.body, { attempt: message.deliveryCount });
 * if (outcome.kind === 'done') message.ack();
 * else if (outcome.kind === 'later') message.retry(outcome.delayMs);
 * else await deadLetters.add(message.body, outcome.reason);
 *
 * @throws SdkError `invalid-options`, naming every option that is missing, unknown or wrong
 */
export function createForwarder(options: ForwarderOptions): Forwarder {
  const { onLog, ...settings } = resolveForwarder(options);
  warnOfPlainHttp('createForwarder', { upstreamUrl: options.upstreamUrl });
  const { alone, together } = createMessageDelivery(settings);
  const send = settings.merge ? createMessageQueue(settings.merge.waitMs, together) : alone;

  return {
    async forward(message, { attempt = 1 } = {}) {
      const started = Date.now();
      const report: ReportOutcome = { attempt, note: {}, rejected: [], merged: 1 };
      const contents = contentsOf(message);
      const outcome =
        'kind' in contents
          ? contents
          : await new Promise<ForwardOutcome>((settle) => send({ ...contents, report, settle }));
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

/** Returns the contents of a message, or the outcome of a message that cannot be read. */
function contentsOf(
  message: Uint8Array | ArrayBuffer | string,
): Pick<QueuedMessage, 'acceptedEvents' | 'sentAt' | 'bytes'> | ForwardOutcome {
  const unpacked = unpackBatch(message);
  if (unpacked.kind === 'foreign') return { kind: 'never', reason: unpacked.reason };
  if (unpacked.kind === 'newer') {
    const reason = 'A newer version of cio-first-party has written the message: update the forwarder.';
    return { kind: 'later', delayMs: NEWER_MS, isDown: false, reason };
  }
  const { batch, sentAt } = unpacked.batch;
  const texts = batch.map((event) => JSON.stringify(event));
  const acceptedEvents = batch.map((event, i) => acceptedFromJson(event, texts[i] ?? ''));
  const bytes = texts.reduce((sum, text) => sum + bytesOf(text) + ','.length, 0);
  return { acceptedEvents, sentAt, bytes };
}
