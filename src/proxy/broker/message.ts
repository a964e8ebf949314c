import { type WireEvent, utf8 } from '../../protocol/wire.ts';
import type { AcceptedBatch } from '../upstream/dispatch.ts';
import { isRecord } from '../lib/is-record.ts';

/** A message for a message queue: a batch, or a part of one. */
export interface BatchMessage {
  /**
   * The id of the message: 64 hexadecimal digits, a hash of the `messageId`s and persons of its events. A later message
   * with the same events has the same id.
   */
  readonly id: string;
  /** The message as JSON: `{"version":1,"batch":[…],"sentAt":…}`. */
  readonly text: string;
  /** The message as UTF-8. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The options of `packBatch`. */
export interface PackOptions {
  /**
   * The maximum size of one message, in bytes. A larger batch becomes several messages. A larger event becomes the only
   * event of its message, which the message queue may refuse.
   *
   * @default 500_000, the maximum of Customer.io for one request
   */
  readonly maxBytes?: number | undefined;
}

const VERSION = 1;
export const MAX_BATCH_BYTES = 500_000;

/**
 * Converts a batch to one or more messages for a message queue, in the order of its events. `forward` of a forwarder
 * reads them.
 *
 * @example
 * createProxy({
 *   writeKey,
 *   clientKeys,
 *   async deliver(batch) {
 *     for (const { id, text } of await packBatch(batch)) await queue.add(text, { deduplicationId: id });
 *   },
 * });
 *
 * @returns the messages; store all of them before `deliver` resolves
 */
export async function packBatch(
  { batch, sentAt }: AcceptedBatch,
  { maxBytes = MAX_BATCH_BYTES }: PackOptions = {},
): Promise<readonly BatchMessage[]> {
  const head = `{"version":${VERSION},"batch":[`;
  const tail = sentAt === undefined ? ']}' : `],"sentAt":${JSON.stringify(sentAt)}}`;
  const texts = batch.map((event) => JSON.stringify(event));
  const groups = inGroups(texts, maxBytes - bytesOf(head + tail));
  let from = 0;
  return Promise.all(
    groups.map(async (group) => {
      const events = batch.slice(from, (from += group.length));
      const text = `${head}${group.join(',')}${tail}`;
      return { id: await idOf(events, group), text, bytes: utf8.encode(text) };
    }),
  );
}

/** Groups consecutive texts, so that each group has at most `maxBytes` with commas between its texts. */
export function inGroups(texts: readonly string[], maxBytes: number): readonly (readonly string[])[] {
  const groups: string[][] = [];
  let room = -1;
  for (const text of texts) {
    const bytes = bytesOf(text) + 1;
    const last = groups.at(-1);
    if (last && bytes <= room) last.push(text);
    else {
      groups.push([text]);
      room = maxBytes + 1;
    }
    room -= bytes;
  }
  return groups;
}

/**
 * The contents of a message. `newer`: a later version of this package has written it; `foreign`: it is not a message of
 * this package.
 */
export type Unpacked =
  | { readonly kind: 'batch'; readonly batch: AcceptedBatch }
  | { readonly kind: 'newer' }
  | { readonly kind: 'foreign'; readonly reason: string };

/** Reads a message that `packBatch` has made. */
export function unpackBatch(message: Uint8Array | ArrayBuffer | string): Unpacked {
  let body: unknown;
  try {
    body = JSON.parse(typeof message === 'string' ? message : new TextDecoder().decode(message));
  } catch {
    return { kind: 'foreign', reason: 'The message is not JSON.' };
  }
  if (!isRecord(body)) return { kind: 'foreign', reason: 'The message is not an object.' };
  const { version, batch, sentAt } = body;
  if (Number.isInteger(version) && Number(version) > VERSION) return { kind: 'newer' };
  if (version !== VERSION) return { kind: 'foreign', reason: 'The message has no known version.' };
  if (!Array.isArray(batch) || !batch.every(isRecord))
    return { kind: 'foreign', reason: 'The message has no batch of events.' };
  const events = batch as unknown as readonly WireEvent[];
  return { kind: 'batch', batch: typeof sentAt === 'string' ? { batch: events, sentAt } : { batch: events } };
}

/**
 * Hashes the parts that stay the same when a browser sends a batch again: not `sentAt`, and not the fields that the
 * proxy adds.
 */
async function idOf(events: readonly WireEvent[], texts: readonly string[]): Promise<string> {
  // The person is part of the hash: otherwise an attacker who has a `messageId` could send an event with it, and the
  // event of another person would count as a duplicate.
  const ids = events.map(({ messageId, userId, anonymousId }, i) =>
    isId(messageId) ? [messageId, userId ?? null, anonymousId ?? null] : [texts[i] ?? ''],
  );
  const hash = await crypto.subtle.digest('SHA-256', utf8.encode(JSON.stringify(ids)));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function isId(messageId: unknown): messageId is string {
  return typeof messageId === 'string' && messageId !== '';
}

export function bytesOf(text: string): number {
  return utf8.encode(text).length;
}
