import type { Refusal } from '../http/response.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { InAppSettings } from './private-settings.ts';
import { createInAppService, languageOf, personHeaders } from './in-app-service.ts';
import { isPathSegment } from './message-id.ts';
import { parseJson, type PrivateServiceNeeds } from './private-service.ts';
import { isRecord } from '../lib/is-record.ts';

/** The change was made, or the message does not exist. */
interface Done {
  readonly success: true;
}

/** The inbox of one person. */
export interface InboxService {
  /** Fetches the messages, as the service has sent them. `language`: the header `Accept-Language` of the browser. */
  fetch(userId: string, language: string | null, note: LogNote): Promise<readonly unknown[] | Refusal>;
  /** Marks a message as opened (read), or as not opened. */
  setOpened(userId: string, id: string, opened: boolean, note: LogNote): Promise<Done | Refusal>;
  /** Deletes a message. */
  delete(userId: string, id: string, note: LogNote): Promise<Done | Refusal>;
}

/**
 * Creates a client of the in-app service, with the same requests as Customer.io's own web plugin (customerio-gist-web
 * 3.26.0). The service trusts every user id that it is sent, so the check of the customer token, in this proxy, is the
 * only protection.
 */
export function createInboxService(needs: PrivateServiceNeeds, { siteId, url }: InAppSettings): InboxService {
  const upstream = createInAppService(needs, { siteId, url });

  async function change(
    path: string,
    method: 'POST' | 'PATCH',
    body: object,
    userId: string,
    note: LogNote,
  ): Promise<Done | Refusal> {
    const headers = personHeaders(userId);
    const found = await upstream.ask({ path, method, headers, body: JSON.stringify(body) }, note);
    return found.kind === 'refused' ? found : { success: true };
  }

  return {
    async fetch(userId, language, note) {
      const path = `/api/v4/users?sessionId=${crypto.randomUUID()}`;
      const headers = { ...personHeaders(userId), ...languageOf(language) };
      const found = await upstream.ask({ path, method: 'POST', headers, body: '{}' }, note);
      if (found.kind === 'refused') return found;
      // 204 and 304 mean that there are no new messages, and this proxy has no cache.
      if (found.kind === 'absent' || found.text === '') return [];
      const body = parseJson(found.text);
      const { inboxMessages = [] } = isRecord(body) ? body : { inboxMessages: null };
      return Array.isArray(inboxMessages) ? (inboxMessages as readonly unknown[]) : upstream.garbage();
    },

    setOpened: (userId, id, opened, note) =>
      isPathSegment(id)
        ? change(`/api/v1/messages/${encodeURIComponent(id)}`, 'PATCH', { opened }, userId, note)
        : gone(),

    delete: (userId, id, note) =>
      isPathSegment(id)
        ? change(`/api/v1/logs/queue/${encodeURIComponent(id)}`, 'POST', {}, userId, note)
        : gone(),
  };
}

async function gone(): Promise<Done> {
  return { success: true };
}
