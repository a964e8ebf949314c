import { isRecord } from '../../lib/is-record.ts';
import { parseJson } from '../../private/private-service.ts';
import type { Handles, Recipient } from '../handle.ts';
import { toInboxMessage, toQueueMessage } from '../queue-service.ts';
import { withHandles } from '../with-handles.ts';
import type { ServerEvent } from './event-parser.ts';

/**
 * The text of an event for the browser; `''` for an event that browsers do not get. Messages have the form in which
 * `/v1/messages/fetch` returns them, with handles.
 *
 * @throws as `Handles.sign`
 */
export async function passedEvent(
  { name, data }: ServerEvent,
  handles: Handles,
  recipient: Recipient,
): Promise<string> {
  const value = parseJson(data);
  switch (name) {
    case 'connected': {
      const heartbeat = isRecord(value) ? value['heartbeat'] : undefined;
      return eventText(name, typeof heartbeat === 'number' ? { heartbeat } : {});
    }
    case 'heartbeat':
    case 'ttl_exceeded':
      return eventText(name, {});
    case 'messages':
      if (!Array.isArray(value)) return '';
      return eventText(name, await withHandles(handles, recipient, value.flatMap(toQueueMessage)));
    case 'inbox_messages':
      if (!Array.isArray(value)) return '';
      return eventText(name, await withHandles(handles, recipient, value.flatMap(toInboxMessage)));
    default:
      return '';
  }
}

function eventText(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
