import { type RejectedEvent, utf8 } from '../../protocol/wire.ts';
import type { AcceptedEvent } from '../batch/contract.ts';
import { hashOfBytes } from '../batch/compare-bytes.ts';
import { messageIdIn } from './sdk-body.ts';

/** Remembers the events that Customer.io has rejected, for a batch that is sent again with them. */
export interface FaultyEvents {
  /** Remembers the events among `acceptedEvents` that `rejected` names. */
  add(clientKey: string, acceptedEvents: readonly AcceptedEvent[], rejected: readonly RejectedEvent[]): void;
  /** Splits the events of a batch into those that are not known, and the rejections of the others. */
  split(
    clientKey: string,
    events: readonly Uint8Array[],
  ): { readonly events: readonly Uint8Array[]; readonly rejected: readonly RejectedEvent[] };
}

/** Most events that are remembered: about 300 KB. */
const MOST_EVENTS = 2_000;
const REASON = 'Customer.io has rejected this event before.';

export function createFaultyEvents(): FaultyEvents {
  const known = new Set<string>();

  return {
    add(clientKey, acceptedEvents, rejected) {
      const ids = new Set(
        rejected.filter(({ error }) => error === 'rejected').map(({ messageId }) => messageId),
      );
      for (const { id, json } of ids.size > 0 ? acceptedEvents : []) {
        if (id === null || !ids.has(id)) continue;
        // A sender of ever new faulty events can only clear this memory, not fill it.
        if (known.size >= MOST_EVENTS) known.clear();
        known.add(keyOf(clientKey, id, typeof json === 'string' ? utf8.encode(json) : json));
      }
    },

    split(clientKey, events) {
      if (known.size === 0) return { events, rejected: [] };
      const rejected: RejectedEvent[] = [];
      const kept = events.filter((json) => {
        const id = messageIdIn(json);
        if (id === null || !known.has(keyOf(clientKey, id, json))) return true;
        rejected.push({ messageId: id, error: 'rejected', reason: REASON });
        return false;
      });
      return { events: kept, rejected };
    },
  };
}

/** The id alone is not enough: another sender could use the id of an event in a faulty event of its own. */
function keyOf(clientKey: string, id: string, json: Uint8Array): string {
  return `${clientKey} ${json.length} ${hashOfBytes(json.length, json, 0, json.length)} ${id}`;
}
