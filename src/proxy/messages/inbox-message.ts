import type { InboxMessage } from '../../protocol/wire.ts';
import { isRecord } from '../lib/is-record.ts';

/** Reads a message of the service; no message, where the value is none or has expired. */
export function toMessage(value: unknown): readonly InboxMessage[] {
  if (!isRecord(value)) return [];
  const { queueId, opened, sentAt, expiry, type, topics, properties, priority } = value;
  if (typeof queueId !== 'string' || queueId === '') return [];
  if (typeof expiry === 'string' && Date.parse(expiry) <= Date.now()) return [];
  const message: InboxMessage = {
    id: queueId,
    opened: opened === true,
    sentAt: typeof sentAt === 'string' ? sentAt : '',
    ...(typeof expiry === 'string' && { expiry }),
    ...(typeof type === 'string' && { type }),
    ...(Array.isArray(topics) && { topics: topics.filter((topic) => typeof topic === 'string') }),
    properties: isRecord(properties) ? properties : {},
    ...(typeof priority === 'number' && { priority }),
  };
  return [message];
}
