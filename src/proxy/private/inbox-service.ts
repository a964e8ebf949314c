import { type InboxAnswer, type InboxMessage, utf8 } from '../../protocol/wire.ts';
import type { Refusal } from '../http/response.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { InAppSettings } from './private-settings.ts';
import { createPrivateService, parseJson, type PrivateServiceNeeds } from './private-service.ts';
import { isRecord } from '../lib/is-record.ts';

/** The change was made, or the message does not exist. */
interface Done {
  readonly success: true;
}

/** The inbox of one person. */
export interface InboxService {
  /** Fetches the messages. `language`: the header `Accept-Language` of the browser. */
  fetch(userId: string, language: string | null, note: LogNote): Promise<InboxAnswer | Refusal>;
  /** Marks a message as read. */
  markAsRead(userId: string, id: string, note: LogNote): Promise<Done | Refusal>;
  /** Deletes a message. */
  delete(userId: string, id: string, note: LogNote): Promise<Done | Refusal>;
}

/**
 * Creates a client of the in-app service, with the same requests as Customer.io's own web plugin (customerio-gist-web
 * 3.26.0). The service trusts every user id that it is sent, so the check of the customer token, in this proxy, is the
 * only protection.
 */
export function createInboxService(needs: PrivateServiceNeeds, { siteId, url }: InAppSettings): InboxService {
  const upstream = createPrivateService(needs, "Customer.io's in-app service", url, {
    'X-CIO-Site-Id': siteId,
    'X-CIO-Client-Platform': 'web',
    'Content-Type': 'application/json',
  });

  async function change(
    path: string,
    method: 'POST' | 'PATCH',
    body: object,
    userId: string,
    note: LogNote,
  ): Promise<Done | Refusal> {
    const headers = headersOf(userId);
    const found = await upstream.ask({ path, method, headers, body: JSON.stringify(body) }, note);
    return found.kind === 'refused' ? found : { success: true };
  }

  return {
    async fetch(userId, language, note) {
      const path = `/api/v4/users?sessionId=${crypto.randomUUID()}`;
      const headers = { ...headersOf(userId), ...languageOf(language) };
      const found = await upstream.ask({ path, method: 'POST', headers, body: '{}' }, note);
      if (found.kind === 'refused') return found;
      // 204 and 304 mean that there are no new messages, and this proxy has no cache.
      if (found.kind === 'absent' || found.text === '') return { messages: [] };
      const body = parseJson(found.text);
      const { inboxMessages = [] } = isRecord(body) ? body : { inboxMessages: null };
      if (!Array.isArray(inboxMessages)) return upstream.garbage();
      return { messages: inboxMessages.flatMap(toMessage) };
    },

    markAsRead: (userId, id, note) =>
      isPathSegment(id)
        ? change(`/api/v1/messages/${encodeURIComponent(id)}`, 'PATCH', { opened: true }, userId, note)
        : gone(),

    delete: (userId, id, note) =>
      isPathSegment(id)
        ? change(`/api/v1/logs/queue/${encodeURIComponent(id)}`, 'POST', {}, userId, note)
        : gone(),
  };
}

/**
 * Whether the id can be a segment of a path: `.` and `..` would change the path, percent-encoded or not. No message has
 * such an id.
 */
function isPathSegment(id: string): boolean {
  return id !== '.' && id !== '..';
}

async function gone(): Promise<Done> {
  return { success: true };
}

function headersOf(userId: string): Record<string, string> {
  const bytes = utf8.encode(userId);
  const encoded = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return { 'X-Gist-Encoded-User-Token': encoded, 'X-Gist-User-Anonymous': 'false' };
}

function languageOf(acceptLanguage: string | null): Record<string, string> {
  const [, tag] = /^\s*([a-z]{2,8}(?:-[a-z\d]{1,8}){0,4})\s*(?:[,;]|$)/i.exec(acceptLanguage ?? '') ?? [];
  return tag === undefined ? {} : { 'Content-Language': tag };
}

function toMessage(value: unknown): readonly InboxMessage[] {
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
