import { type WireEvent, utf8 } from '../../protocol/wire.ts';
import type { AcceptedBatch } from '../upstream/dispatch.ts';
import { isRecord } from '../lib/is-record.ts';

/** What a broker keeps of a batch. */
export interface BatchMessage {
  /** The same whenever the same events come again: 64 hexadecimal digits, of their `messageId`s and persons. */
  readonly id: string;
  /** JSON: `{"version":1,"batch":[…],"sentAt":…}`. */
  readonly text: string;
  /** The same in UTF-8. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface PackOptions {
  /**
   * Bytes of one message. A batch of more becomes several messages; an event of more has one to itself, which the broker
   * may refuse.
   *
   * @default 500_000, what Customer.io takes in one request
   */
  readonly maxBytes?: number | undefined;
}

const VERSION = 1;
export const MAX_BATCH_BYTES = 500_000;

/** Makes messages of a batch, in its order. */
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

/** Consecutive texts that have at most `maxBytes` together, with a comma between them. */
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

/** What is in a message. `newer`: a later version of this package has written it. */
export type Unpacked =
  | { readonly kind: 'batch'; readonly batch: AcceptedBatch }
  | { readonly kind: 'newer' }
  | { readonly kind: 'foreign'; readonly reason: string };

export function unpackBatch(message: Uint8Array | ArrayBuffer | string): Unpacked {
  let body: unknown;
  try {
    body = JSON.parse(typeof message === 'string' ? message : new TextDecoder().decode(message));
  } catch {
    return { kind: 'foreign', reason: 'It is not JSON.' };
  }
  if (!isRecord(body)) return { kind: 'foreign', reason: 'It is not an object.' };
  const { version, batch, sentAt } = body;
  if (Number.isInteger(version) && Number(version) > VERSION) return { kind: 'newer' };
  if (version !== VERSION) return { kind: 'foreign', reason: 'It has no version that is known.' };
  if (!Array.isArray(batch) || !batch.every(isRecord))
    return { kind: 'foreign', reason: 'It has no batch of events.' };
  const events = batch as unknown as readonly WireEvent[];
  return { kind: 'batch', batch: typeof sentAt === 'string' ? { batch: events, sentAt } : { batch: events } };
}

/** Of what stays the same when a browser sends a batch again: `sentAt`, and what the proxy adds, do not. */
async function idOf(events: readonly WireEvent[], texts: readonly string[]): Promise<string> {
  // With the person, so that who learns an id cannot keep back what another person sends.
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
