import type { MessagesAnswer } from '../../protocol/messages.ts';
import { type Answer, answerJson, isRefusal, refuse, type Refusal, refuseToken } from '../http/response.ts';
import type { BodyLease } from '../http/body-budget.ts';
import type { BodyLimits } from '../http/body.ts';
import type { Credentials, CredentialCheck } from '../access/client-key.ts';
import type { IncomingRequest } from '../http/request.ts';
import { type LogNote, noteKeyName } from '../telemetry/request-log.ts';
import type { RequestInfo } from '../ingest/hooks.ts';
import type { MessageRoute } from '../http/routes.ts';
import type { TokenCheck } from '../tokens/contract.ts';
import { LEAST_SECRET_BYTES, type TokenVerificationOptions } from '../tokens/token-options.ts';
import { createSecretReader } from '../lib/secret.ts';
import { isMessageId, WRONG_ID } from '../private/message-id.ts';
import { resolveInApp } from '../private/private-settings.ts';
import type { PrivateServiceNeeds } from '../private/private-service.ts';
import { readObject } from '../private/read-object.ts';
import { createDeliverMetric, type DeliverMetricNeeds } from './deliver-metric.ts';
import { createFetchGate, tooSoon } from './fetch-gate.ts';
import { createGuests } from './guest.ts';
import { createHandles, type Recipient } from './handle.ts';
import { handleSecretOf, withKey } from './handle-secret.ts';
import type { InAppOptions } from './in-app-options.ts';
import { createMetricReader } from './metric-reader.ts';
import { createQueueService, type Queue } from './queue-service.ts';
import { withHandles } from './with-handles.ts';

/** The settings of the calls about messages. */
export interface MessagesNeeds
  extends PrivateServiceNeeds, DeliverMetricNeeds, Pick<BodyLimits, 'bodyTimeoutMs'> {
  readonly timeoutMs: number;
  readonly inApp: InAppOptions | undefined;
  readonly customerToken: TokenVerificationOptions | undefined;
  readonly writeKey: () => string | Promise<string>;
  readonly checkCredentials: CredentialCheck;
  readonly checkToken: TokenCheck;
}

/** Answers a call about messages. */
export type MessagesHandler = (
  call: MessageRoute,
  incoming: IncomingRequest,
  info: RequestInfo,
  note: LogNote,
  lease: BodyLease,
) => Promise<Answer | Refusal>;

type Fields = Readonly<Record<string, unknown>>;

/** The result of a fetch from the in-app service, and the session for which it was made. */
interface SessionQueue {
  readonly queue: Queue | Refusal;
  readonly sessionId: string;
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
const SUCCESS = { success: true };
const NO_STORE = { 'Cache-Control': 'no-store' };

/** Makes the handler of the calls about messages: it finds out who asks, and answers with messages of nobody else. */
export function createMessagesHandler(needs: MessagesNeeds): MessagesHandler {
  const { inApp } = needs;
  const service = inApp && createQueueService(needs, resolveInApp(inApp));
  const guestOf =
    inApp?.anonymous &&
    createGuests(
      createSecretReader({
        name: 'inApp.anonymous.secret',
        secret: inApp.anonymous.secret,
        leastBytes: LEAST_SECRET_BYTES,
        timeoutMs: needs.timeoutMs,
      }),
    );
  const handles = createHandles(handleSecretOf(needs));
  const eventFor = createMetricReader(handles);
  const deliverMetric = createDeliverMetric(needs);
  const gate = createFetchGate<SessionQueue>();

  /** The sender of the request: the subject of the customer token, or the guest of an anonymous visitor. */
  async function recipientOf(credentials: Credentials, fields: Fields): Promise<Recipient | Refusal> {
    const { userId = null, anonymousId } = fields;
    if (credentials.token === null) {
      // Reached with `anonymous` only. The messages of a person are not for everybody who knows the user id.
      if (!guestOf || userId !== null)
        return refuseToken('This call needs a customer token: Authorization must be Bearer.', 'missing');
      if (isMessageId(anonymousId))
        return withKey(async () => ({ kind: 'guest', id: await guestOf(anonymousId) }));
      return refuse(400, 'invalid_body', '"anonymousId" must be a text of at most 200 characters.');
    }
    const verdict = await needs.checkToken(credentials.token);
    if (verdict.kind === 'refused') return verdict;
    // The page and the token can belong to two people, for example after a logout.
    if (userId !== null && userId !== verdict.subject)
      return refuse(403, 'subject_mismatch', 'The customer token is not for "userId".');
    return { kind: 'person', id: verdict.subject };
  }

  async function fetchMessages(
    recipient: Recipient,
    { sessionId: session }: Fields,
    { headers }: IncomingRequest,
    note: LogNote,
  ): Promise<MessagesAnswer | Refusal> {
    const sessionId = isUuid(session) ? session : crypto.randomUUID();
    const language = headers.get('Accept-Language');
    const passage = await gate.enter(`${recipient.kind}:${recipient.id}`, async () => ({
      sessionId,
      queue: service ? await service.fetch({ recipient, sessionId, language }, note) : notConfigured('inApp'),
    }));
    if (passage.kind === 'refused') return passage;
    const { queue, sessionId: fetchedFor } = passage.result;
    if (queue.kind === 'refused') return queue;
    const { lists, nextInSeconds, stream, inboxEnabled } = queue;
    // Another tab has lists that are unchanged; this one may have none.
    if (lists === 'unchanged' && fetchedFor !== sessionId) return tooSoon();
    const state = {
      nextInSeconds,
      stream,
      ...(inboxEnabled !== undefined && { inboxEnabled }),
      serverTime: Date.now(),
    };
    if (lists === 'unchanged') return { unchanged: true, ...state };
    return withKey(async () => ({
      messages: await withHandles(handles, recipient, lists.messages),
      inbox: await withHandles(handles, recipient, lists.inbox),
      ...state,
    }));
  }

  async function report(
    credentials: Credentials,
    fields: Fields,
    { headers }: IncomingRequest,
    info: RequestInfo,
    note: LogNote,
  ): Promise<object> {
    const verdict = credentials.token === null ? null : await needs.checkToken(credentials.token);
    if (verdict?.kind === 'refused') return verdict;
    const event = await eventFor(fields, verdict && verdict.subject);
    if (isRefusal(event)) return event;
    const request = { clientKey: credentials.key, headers, info };
    return (await deliverMetric(event, request, note)) ?? SUCCESS;
  }

  async function respond(
    call: MessageRoute,
    incoming: IncomingRequest,
    info: RequestInfo,
    note: LogNote,
    lease: BodyLease,
  ): Promise<object> {
    const hasTokens = needs.customerToken !== undefined && needs.customerToken.mode !== 'disabled';
    if (call !== 'metric' && !service) return notConfigured('inApp');
    if (call !== 'metric' && !hasTokens && !guestOf) return notConfigured('customerToken');
    const needed = call === 'metric' || guestOf ? 'client-key' : 'token';
    const credentials = await needs.checkCredentials(incoming, needed);
    if (credentials.kind === 'refused') return credentials;
    noteKeyName(credentials, note);
    const body = await readObject(incoming, needs.bodyTimeoutMs, note, lease);
    if ('kind' in body) return body;
    const { fields } = body;
    if (call === 'metric') return report(credentials, fields, incoming, info, note);
    const recipient = await recipientOf(credentials, fields);
    if (isRefusal(recipient)) return recipient;
    if (call === 'fetch') return fetchMessages(recipient, fields, incoming, note);
    if (!isMessageId(fields['id'])) return WRONG_ID;
    return service ? service.markSeen(recipient, fields['id'], note) : notConfigured('inApp');
  }

  return async (...request) => {
    const outcome = await respond(...request);
    return isRefusal(outcome) ? outcome : answerJson(200, outcome, NO_STORE);
  };
}

/** The refusal of a call for which an option is missing. */
export function notConfigured(option: 'inApp' | 'customerToken'): Refusal {
  const message = `This proxy is not configured for it: the option "${option}" is missing.`;
  return refuse(404, 'not_found', message);
}

/** Whether the value is a UUID, as which browsers name their sessions. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}
