import { type Answer, answerJson, isAnswer, isRefusal, refuse, type Refusal } from '../http/response.ts';
import { createAppApi } from './app-api.ts';
import { type ClientIp, readClientIp, withClientIp } from '../access/client-ip.ts';
import { refusalOf } from '../upstream/delivery.ts';
import type { Dispatch } from '../upstream/dispatch.ts';
import type { FetchLike } from '../upstream/send-batch.ts';
import { createInboxService, type InboxService } from './inbox-service.ts';
import { isMessageId, WRONG_ID } from './message-id.ts';
import type { HeaderReader } from '../http/request.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import { acceptedFromJson } from '../batch/accepted-event.ts';
import type { RequestInfo } from '../ingest/hooks.ts';
import { resolveAppApi, resolveInApp } from './private-settings.ts';
import type { PrivateRoute } from '../http/routes.ts';
import { preferencesOf } from './subscriptions.ts';
import type { AppApiOptions, TokenVerificationOptions } from '../tokens/token-options.ts';
import type { InAppOptions } from '../messages/in-app-options.ts';
import type { ReadInbox } from '../messages/inbox-reader.ts';

/** The settings of the private calls. */
export interface PrivateCallNeeds {
  /** Sends requests to Customer.io. */
  readonly fetch: FetchLike;
  readonly timeoutMs: number;
  readonly region: 'us' | 'eu';
  /** Which kind of id the subject of a token is. */
  readonly customerToken?: Pick<TokenVerificationOptions, 'idType'> | undefined;
  readonly appApi?: AppApiOptions | undefined;
  readonly inApp?: InAppOptions | undefined;
  /** Reads the messages of an inbox, and signs their handles. */
  readonly readInbox: ReadInbox;
  readonly clientIp?: ClientIp | undefined;
  /** Delivers the events of changed subscriptions. */
  readonly dispatch: Dispatch;
}

/** A private call of a person. */
export interface PrivateRequest {
  /** The user id of the person: the verified subject of the customer token. */
  readonly subject: string;
  /** The client key of the request. */
  readonly clientKey: string;
  /** The fields of the body. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly headers: HeaderReader;
  readonly info: RequestInfo;
}

export type PrivateCalls = (
  call: PrivateRoute,
  request: PrivateRequest,
  note: LogNote,
) => Promise<Answer | Refusal>;

/**
 * Responds to the private calls of a person with data from Customer.io. A response contains only the requested data.
 */
export function createPrivateCalls(needs: PrivateCallNeeds): PrivateCalls {
  const appApi =
    needs.appApi && createAppApi(needs, resolveAppApi(needs.appApi, needs.region, needs.customerToken));
  const inbox = needs.inApp && createInboxService(needs, resolveInApp(needs.inApp));

  /** Changes subscriptions, with an `identify` event. */
  async function writePreferences(
    traits: Readonly<Record<string, boolean>>,
    { subject, clientKey, headers, info }: PrivateRequest,
    note: LogNote,
  ): Promise<Answer | Refusal> {
    const identify = {
      type: 'identify',
      messageId: crypto.randomUUID(),
      timestamp: new Date().toISOString(),
      userId: subject,
      traits,
      context: {},
    } as const;
    const { clientIp } = needs;
    const event = clientIp ? withClientIp(identify, readClientIp(headers, clientIp)) : identify;
    const acceptedEvent = acceptedFromJson(event, JSON.stringify(event));
    const endsAt = performance.now() + needs.timeoutMs;
    const delivery = await needs.dispatch({ acceptedEvents: [acceptedEvent], clientKey, info, endsAt }, note);
    if (delivery.kind !== 'delivered') return refusalOf(delivery);
    note.events = 1;
    return answerJson(200, { success: true });
  }

  async function fetchInbox(
    inbox: InboxService,
    { subject, headers }: PrivateRequest,
    note: LogNote,
  ): Promise<object> {
    const values = await inbox.fetch(subject, headers.get('Accept-Language'), note);
    if (isRefusal(values)) return values;
    const messages = await needs.readInbox(subject, values);
    return isRefusal(messages) ? messages : { messages };
  }

  async function answer(call: PrivateRoute, request: PrivateRequest, note: LogNote): Promise<object> {
    const { subject, fields } = request;
    if (appApi && call === 'attributes') return appApi.attributes(subject, note);
    if (appApi && call === 'categories') {
      const preferences = preferencesOf(fields);
      if (preferences === null) return appApi.topics(subject, note);
      return 'kind' in preferences ? preferences : writePreferences(preferences.traits, request, note);
    }
    if (inbox && call === 'inbox-fetch') return fetchInbox(inbox, request, note);
    if (inbox && (call === 'inbox-read' || call === 'inbox-delete')) {
      const { id, opened = true } = fields;
      if (!isMessageId(id)) return WRONG_ID;
      if (call === 'inbox-delete') return inbox.delete(subject, id, note);
      if (typeof opened !== 'boolean') return refuse(400, 'invalid_body', '"opened" must be true or false.');
      return inbox.setOpened(subject, id, opened, note);
    }
    return refuse(404, 'not_found', 'The proxy serves nothing at this path.');
  }

  return async (call, request, note) => {
    const outcome = await answer(call, request, note);
    return isAnswer(outcome) || isRefusal(outcome) ? outcome : answerJson(200, outcome);
  };
}
