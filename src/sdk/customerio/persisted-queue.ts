import type { DraftEvent } from '../event/draft-event.ts';

/** An event of the wrapped SDK's own queue, left by a site that used that SDK before. */
export interface PersistedEvent {
  /** The event's `messageId`. */
  readonly id: string;
  /** Time of the call, in milliseconds since the epoch; undefined where the event has no valid timestamp. */
  readonly at: number | undefined;
  readonly draft: DraftEvent;
}

/**
 * Reads the list of `{ id, event }` that the wrapped SDK writes to localStorage when its page is left.
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
