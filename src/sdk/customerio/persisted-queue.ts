import type { DraftEvent } from '../event/draft-event.ts';

/** An event of the wrapped SDK's own queue, as it comes from a site that used it before. */
export interface PersistedEvent {
  /** Its `messageId`. */
  readonly id: string;
  /** Milliseconds since the epoch, of the call; undefined where nobody can tell. */
  readonly at: number | undefined;
  readonly draft: DraftEvent;
}

/**
 * Reads what the wrapped SDK has left in localStorage as its page went: lists of `{ id, event }`.
 * https://github.com/customerio/cdp-analytics-js/blob/main/packages/browser/src/lib/priority-queue/persisted.ts
 */
export function readPersistedQueue(text: string | null): readonly PersistedEvent[] {
  let list: unknown;
  try {
    list = JSON.parse(text ?? '[]');
  } catch {
    return [];
  }
  return Array.isArray(list) ? list.flatMap(toEvent) : [];
}

function toEvent(item: unknown): readonly PersistedEvent[] {
  const { event } = (item ?? {}) as { readonly event?: DraftEvent };
  const { type, messageId, timestamp } = event ?? {};
  if (!event || typeof type !== 'string' || !messageId || typeof messageId !== 'string') return [];
  const at = Date.parse(String(timestamp));
  return [{ id: messageId, at: Number.isNaN(at) ? undefined : at, draft: event }];
}
