import type { QueueMessage } from '../../protocol/messages.ts';
import type { InboxMessage } from '../../protocol/wire.ts';
import type { Refusal } from '../http/response.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { InAppSettings } from '../private/private-settings.ts';
import { createInAppService, languageOf, personHeaders } from '../private/in-app-service.ts';
import { isPathSegment } from '../private/message-id.ts';
import { parseJson, type PrivateServiceNeeds } from '../private/private-service.ts';
import { isRecord } from '../lib/is-record.ts';
import type { Recipient, Reported } from './handle.ts';
import { toMessage } from './inbox-message.ts';

/** A message, and the delivery or content for which its numbers are counted. `null`: there is neither, and no number is counted. */
export interface Reportable<Message> {
  readonly message: Message;
  readonly reported: Reported | null;
}

/** The lists of one person. `'unchanged'`: they are as they were at the last fetch with the same session. */
export interface Queue {
  readonly kind: 'queue';
  readonly lists:
    | {
        readonly messages: readonly Reportable<QueueMessage>[];
        readonly inbox: readonly Reportable<InboxMessage>[];
      }
    | 'unchanged';
  /** When the service wants to be asked again, in seconds. */
  readonly nextInSeconds: number;
  /** Whether the service would send new messages through a stream. */
  readonly stream: boolean;
  /** `undefined`: the service has not said so. */
  readonly inboxEnabled: boolean | undefined;
}

/** The in-app service, for the queue of messages. */
export interface QueueService {
  /** Fetches the messages and the inbox, with one request. */
  fetch(visit: Visit, note: LogNote): Promise<Queue | Refusal>;
  /** Says that a message was shown. A message that does not exist counts as shown. */
  markSeen(recipient: Recipient, id: string, note: LogNote): Promise<{ readonly success: true } | Refusal>;
}

/** The person whose messages are fetched, and the session of the browser. */
export interface Visit {
  readonly recipient: Recipient;
  /** A UUID. The service may compare with the last answer to the same session. */
  readonly sessionId: string;
  /** The header `Accept-Language` of the browser. */
  readonly language: string | null;
}

/** Most bytes of an answer: a message brings its whole page, packed. */
const MOST_ANSWER_BYTES = 4_000_000;
const [LEAST_SECONDS, MOST_SECONDS, DEFAULT_SECONDS] = [10, 3_600, 600];
const NO_MESSAGES = { messages: [], inbox: [] } as const;

/** Creates a client with the same requests as Customer.io's own web plugin (customerio-gist-web 3.26.0). */
export function createQueueService(needs: PrivateServiceNeeds, settings: InAppSettings): QueueService {
  const upstream = createInAppService(needs, settings, MOST_ANSWER_BYTES);

  return {
    async fetch({ recipient, sessionId, language }, note) {
      const headers = { ...headersOf(recipient), ...languageOf(language) };
      const path = `/api/v4/users?sessionId=${sessionId}`;
      const found = await upstream.ask({ path, method: 'POST', headers, body: '{}' }, note);
      if (found.kind === 'refused') return found;
      const state = stateOf(found.headers);
      if (found.kind === 'absent' || found.status === 204) return { ...state, lists: NO_MESSAGES };
      if (found.status === 304) return { ...state, lists: 'unchanged' };
      // A page that stands in the place of the service must not empty the lists that the browser has.
      const body = parseJson(found.text);
      if (!isRecord(body)) return upstream.garbage();
      const { inAppMessages = [], inboxMessages = [] } = body;
      if (!Array.isArray(inAppMessages) || !Array.isArray(inboxMessages)) return upstream.garbage();
      if (recipient.kind === 'guest') {
        // An anonymous visitor gets the messages for everybody, and nothing that may be a person's.
        const messages = inAppMessages.flatMap(toQueueMessage).filter(isBroadcast);
        return { ...state, lists: { messages, inbox: [] }, stream: false };
      }
      const inbox = inboxMessages.flatMap(toInboxMessage);
      return { ...state, lists: { messages: inAppMessages.flatMap(toQueueMessage), inbox } };
    },

    async markSeen(recipient, id, note) {
      if (!isPathSegment(id)) return { success: true };
      const path = `/api/v1/logs/queue/${encodeURIComponent(id)}`;
      const headers = headersOf(recipient);
      const found = await upstream.ask({ path, method: 'POST', headers, body: '{}' }, note);
      return found.kind === 'refused' ? found : { success: true };
    },
  };
}

function headersOf({ kind, id }: Recipient): Record<string, string> {
  return personHeaders(id, kind === 'guest');
}

function stateOf(headers: Pick<Headers, 'get'>): Omit<Queue, 'lists'> {
  const seconds = Number(headers.get('X-Gist-Queue-Polling-Interval'));
  const inboxEnabled = headers.get('X-CIO-Inbox-Enabled');
  return {
    kind: 'queue',
    nextInSeconds: seconds > 0 ? Math.min(MOST_SECONDS, Math.max(LEAST_SECONDS, seconds)) : DEFAULT_SECONDS,
    stream: headers.get('X-CIO-Use-SSE')?.toLowerCase() === 'true',
    inboxEnabled: inboxEnabled === null ? undefined : inboxEnabled.toLowerCase() === 'true',
  };
}

/** Reads a message of the queue; no message, where the value is none. */
export function toQueueMessage(value: unknown): readonly Reportable<QueueMessage>[] {
  if (!isRecord(value)) return [];
  const { queueId, messageId, priority, properties } = value;
  if (typeof queueId !== 'string' || queueId === '') return [];
  const message: QueueMessage = {
    queueId,
    messageId: typeof messageId === 'string' ? messageId : '',
    ...(typeof priority === 'number' && { priority }),
    properties: isRecord(properties) ? properties : {},
  };
  return [{ message, reported: reportedOf(gistOf(message)) }];
}

/** Reads a message of the inbox; no message, where the value is none or has expired. */
export function toInboxMessage(value: unknown): readonly Reportable<InboxMessage>[] {
  const deliveryId = isRecord(value) ? value['deliveryId'] : undefined;
  return toMessage(value).map((message) => ({ message, reported: deliveryOf(deliveryId) }));
}

function isBroadcast({ message }: Reportable<QueueMessage>): boolean {
  return isRecord(gistOf(message)['broadcast']);
}

function gistOf({ properties: { gist } }: QueueMessage): Readonly<Record<string, unknown>> {
  return isRecord(gist) ? gist : {};
}

/** The ids that Customer.io's own plugin reports: that of the delivery; without one those of the content, which must be integers. */
function reportedOf(gist: Readonly<Record<string, unknown>>): Reported | null {
  const { broadcast } = gist;
  return (
    deliveryOf(gist['campaignId']) ??
    (isRecord(broadcast)
      ? contentOf(broadcast['broadcastIdInt'] ?? broadcast['broadcastId'], broadcast)
      : null) ??
    contentOf(gist['contentId'], gist)
  );
}

function deliveryOf(deliveryId: unknown): Reported | null {
  return typeof deliveryId === 'string' && deliveryId !== '' ? { deliveryId } : null;
}

function contentOf(contentId: unknown, { templateId }: Readonly<Record<string, unknown>>): Reported | null {
  if (typeof contentId !== 'number' || typeof templateId !== 'number') return null;
  return Number.isSafeInteger(contentId) && Number.isSafeInteger(templateId)
    ? { contentId, templateId }
    : null;
}
