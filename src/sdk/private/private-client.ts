import { createTokenCache } from '../auth/token-cache.ts';
import type { TokenIdentity, TokenResult, TokenStatus } from '../auth/contract.ts';
import { resolveCustomerToken } from '../auth/customer-token-options.ts';
import * as browser from '../browser.ts';
import { clock, lifecycle } from '../browser.ts';
import type { User } from '../identity/stored-user.ts';
import type { Visitor } from '../identity/visitor.ts';
import type { SdkError, SdkErrorCode } from '../../protocol/errors.ts';
import type { AnalyticsEvents, Categories } from '../events.ts';
import type { InAppMessageOptions } from '../messages/message-options.ts';
import type { MessagesClient, MessagesClientNeeds } from '../messages/messages-client.ts';
import { createAuthorizedFetch } from './authorized-fetch.ts';
import type { InboxEntry, MakeCall } from './contract.ts';
import { createCustomer } from './customer.ts';
import {
  createAuthorizedDelivery,
  type AuthorizedDelivery,
  type WakeSender,
  type DeliveryParts,
} from './authorized-delivery.ts';
import { createInbox } from './inbox.ts';
import { createJsonCall } from './json-call.ts';
import { createReportMetric } from './report-metric.ts';
import type { Call } from '../event/call.ts';
import type { OutboxEvent } from '../outbox/contract.ts';
import type { AnalyticsSettings } from '../options/options.ts';
import { CLIENT_KEY_HEADER, INBOX_FETCH_PATH, inBytes } from '../../protocol/wire.ts';
import { createTabChannel } from '../tabs/tab-channel.ts';

/** Everything that needs a customer token. This file is loaded only by pages that use one. */
export interface PrivateClient {
  /**
   * Calls a method by its name, for the person of that epoch.
   * @throws `identity-changed` when the epoch has changed, except for `set`, `refresh` and `onChange`
   */
  ask(epoch: number, name: keyof PrivateMethods, args: readonly unknown[]): unknown;
  status(): TokenStatus;
  /** To be called when the identity has changed, before listeners of the application are. */
  identity(identity: TokenIdentity): void;
  /** As in `LazyPrivate`. */
  onSdkEvent(name: string, args: readonly unknown[]): void;
  /** Replaces the functions of `authorizedParts`, which the sender uses, by those of an {@link AuthorizedDelivery} around `parts`. */
  guard(parts: DeliveryParts, authorizedParts: DeliveryParts, wakeSender: WakeSender): void;
}

/** The private methods of the SDK, without their documentation. All of them throw or reject with an `SdkError`. */
export interface PrivateMethods {
  set(token: TokenResult | null): void;
  refresh(): Promise<TokenStatus>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  messages(topics?: readonly string[]): Promise<readonly InboxEntry[]>;
  total(topics?: readonly string[]): Promise<number>;
  totalUnopened(topics?: readonly string[]): Promise<number>;
  onChange(
    listener: (messages: readonly InboxEntry[]) => void,
    signal: AbortSignal,
    topics?: readonly string[],
  ): void;
  markAsRead(id: string): Promise<void>;
  markAsUnread(id: string): Promise<void>;
  trackClick(id: string, name: string): Promise<void>;
  delete(id: string): Promise<void>;
  attributes(): Promise<Readonly<Record<string, unknown>>>;
  subscriptions(
    changes?: Readonly<Record<string, boolean>>,
  ): ReturnType<ReturnType<typeof createCustomer>['subscriptions']>;
}

/** The part of the visitor that private calls need. */
export interface IdentifiedVisitor extends Pick<Visitor, 'reload'> {
  readonly user: Pick<User, 'anonymousId' | 'id'>;
}

/** Makes the events that an in-app message asks for. */
export interface Tracker {
  readonly pluginInstance: Pick<MessagesClientNeeds, 'track'>;
}

export interface PrivateNeeds {
  readonly settings: Pick<
    AnalyticsSettings,
    'proxyUrl' | 'clientKey' | 'delivery' | 'customerToken' | 'inApp' | 'isPaused'
  >;
  /** Name of the site, with which its keys in localStorage begin. */
  readonly scope: string;
  /** Aborts when the SDK is closed or consent is withdrawn. */
  readonly ending: AbortSignal;
  readonly visitor: IdentifiedVisitor;
  /** The consent categories of the visitor, on or off; empty when they are not known. */
  categories(): Categories;
  /** Increased by each change of the identity: a person who is identified again has another epoch than before. */
  epoch(): number;
  /** Makes id and snapshot of an event. */
  newCall(): Pick<Call, 'id' | 'snapshot'>;
  /** Puts an event into the outbox. */
  keep(event: OutboxEvent): void;
  readonly wrapped: Tracker;
  emit<Name extends 'token' | 'message'>(name: Name, event: AnalyticsEvents[Name]): void;
  fail(code: SdkErrorCode, message: string, cause?: unknown): void;
  /** The error class of the page. A lazy file that imports the class would contain a second one, and `instanceof` would fail. */
  readonly SdkError: typeof SdkError;
}

function createPrivateClient(needs: PrivateNeeds): PrivateClient {
  const { settings, visitor, fail } = needs;
  const { proxyUrl, clientKey, delivery } = settings;
  const { provider, limits } = resolveCustomerToken(settings.customerToken, (message) =>
    fail('invalid-options', message),
  );
  const isAwake = (): boolean => !lifecycle.hidden() && lifecycle.online();
  const error = (code: SdkErrorCode, message: string, options?: { cause?: unknown }): SdkError =>
    new needs.SdkError(code, message, options);
  const changed = (): SdkError =>
    error('identity-changed', 'The person has changed since this call was made');

  const userId = (): string | undefined => visitor.user.id() ?? undefined;
  const anonymousId = (): string | undefined => visitor.user.anonymousId() ?? undefined;
  const reportMetric = createReportMetric({ newCall: needs.newCall, keep: needs.keep, userId, anonymousId });

  const warn = (message: string): void => browser.printer().warn(`cio-first-party: ${message}`);

  let authorizedDelivery: AuthorizedDelivery | undefined;
  const token = createTokenCache({
    clock,
    monotonicMs: browser.monotonicMs,
    random: browser.random,
    isAwake,
    provider,
    options: limits,
    identity: { userId: visitor.user.id() ?? null, anonymousId: visitor.user.anonymousId() ?? null },
    // An epoch above 0: the person was identified while this file was loaded.
    reason: needs.epoch() ? 'identify' : 'initial',
    error: (code, message, { retryAtMs, ...extra } = {}) =>
      Object.assign(error(code, message, extra), retryAtMs && { retryAtMs }),
    tell(event) {
      needs.emit('token', event);
      authorizedDelivery?.onTokenEvent(event);
      if (event.type === 'refreshed') messages?.onToken();
    },
    warn,
  });

  const authorizedFetch = createAuthorizedFetch({
    proxyUrl,
    clientKey,
    timeoutMs: delivery.requestTimeoutMs,
    credentials: delivery.credentials,
    clock,
    token,
    request: browser.request,
    newId: browser.uuid,
    reload: visitor.reload,
    onUnknownKey: () => fail('invalid-client-key', `${proxyUrl} refuses the client key or the origin`),
    error,
  });

  const isAllowed = (): boolean => needs.categories()['messaging'] !== false;
  const make: MakeCall = async (call, read) => {
    if (!isAllowed()) throw error('auth-disabled', 'There is no consent to the category "messaging"');
    return authorizedFetch.make(call, read);
  };

  const callJson = createJsonCall({ make, error, SdkError: needs.SdkError });

  const isInAppOn =
    Boolean(settings.inApp) && (Object(settings.inApp) as InAppMessageOptions).enabled !== false;
  /** Fetches the inbox together with the in-app messages, where they are fetched for this person. */
  async function fetchMessages(): Promise<unknown> {
    const loaded = await loadMessages().catch(() => undefined);
    return (await loaded?.inbox()) ?? (await callJson(INBOX_FETCH_PATH, {}, true))['messages'];
  }

  const inbox = createInbox({
    clock,
    async callJson(path, body, isRead) {
      const answer = await callJson(path, body, isRead);
      if (!isRead) messages?.onInboxChanged();
      return answer;
    },
    isAwake,
    random: browser.random,
    userId,
    reportMetric,
    ...(isInAppOn && { fetchMessages }),
    onInboxAction: (kind, { id, deliveryId }, name) =>
      messages?.onInboxAction(kind, { messageId: id, deliveryId }, name),
    subscribe: token.subscribe,
    connect: (onMessage) =>
      createTabChannel((hear) => browser.openChannel(`${needs.scope}:inbox`, hear), onMessage),
    error,
    report: (cause) => fail('plugin-failed', 'A listener of inbox.onChange threw an error', cause),
  });
  const customer = createCustomer(callJson);

  const {
    lockManager,
    openChannel,
    pageDocument,
    pageUrl,
    random,
    randomNumbers,
    request,
    subtleCrypto,
    uuid,
  } = browser;
  const messagesBrowser = {
    clock,
    lifecycle,
    local: browser.local,
    lockManager,
    openChannel,
    pageDocument,
    pageUrl,
    random,
    randomNumbers,
    request,
    subtleCrypto,
    uuid,
  };

  let messages: MessagesClient | undefined;
  let messagesPromise: Promise<MessagesClient> | undefined;
  /** Loads the file of in-app messages. After a failure, the next event loads it again. */
  function loadMessages(): Promise<MessagesClient> {
    messagesPromise ??= import('../messages/messages-client.ts').then(
      ({ create }) =>
        (messages = create({
          browser: messagesBrowser,
          settings,
          scope: needs.scope,
          ending: needs.ending,
          userId,
          anonymousId,
          isAllowed,
          make,
          reportMetric,
          onInbox: inbox.receive,
          emit: needs.emit,
          fail,
          error,
          track: needs.wrapped.pluginInstance.track,
        })),
    );
    messagesPromise.catch(() => (messagesPromise = undefined));
    return messagesPromise;
  }

  function wake(): void {
    token.wake();
    inbox.wake();
  }
  for (const event of ['show', 'online', 'return'] as const) lifecycle.on(event, wake, needs.ending);
  for (const event of ['leave', 'freeze'] as const) lifecycle.on(event, inbox.leave, needs.ending);
  const closeAtTheEnd = (close: () => void): void => {
    // The SDK may have been closed while this file was loaded.
    if (needs.ending.aborted) close();
    else needs.ending.addEventListener('abort', close);
  };
  for (const { close } of [inbox, token, authorizedFetch]) closeAtTheEnd(close);

  const methods: PrivateMethods = {
    ...inbox,
    ...customer,
    set: token.set,
    refresh: token.refresh,
    fetch(path, init = {}) {
      const isRead = /^(get|head)$/i.test(init.method ?? 'GET');
      return make({ path, init, isRead }, (response) => response);
    },
    onChange(listener, signal, topics) {
      if (signal.aborted) return;
      const stop = inbox.onChange((messages) => {
        if (!signal.aborted) listener(messages);
      }, topics);
      // The listener was called inside `onChange`, and may have aborted the signal.
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop);
    },
  };

  return {
    ask(epoch, name, args) {
      if (epoch !== needs.epoch()) {
        // `set` returns nothing and `refresh` never rejects, so they do not report that the person has changed.
        if (name === 'set') return undefined;
        if (name === 'refresh') return token.status();
        if (name !== 'onChange') throw changed();
      }
      return (methods[name] as (...given: readonly unknown[]) => unknown)(...args);
    },
    status: token.status,
    identity(identity) {
      if (identity.userId !== token.status().userId) authorizedDelivery?.beforeIdentityChange();
      const isOtherPerson = token.identity(identity);
      if (isOtherPerson) {
        authorizedFetch.cutOff();
        inbox.afterIdentityChange();
        authorizedDelivery?.afterIdentityChange();
      }
      messages?.afterIdentityChange();
    },
    onSdkEvent(name, args) {
      if (isInAppOn && !needs.ending.aborted)
        loadMessages().then(
          (loaded) => loaded.onSdkEvent(name, args),
          () => {},
        );
    },
    guard(parts, authorizedParts, wakeSender) {
      if (authorizedDelivery) return;
      const delivery = createAuthorizedDelivery({
        parts,
        wakeSender,
        clock,
        token,
        isAwake,
        userId: () => visitor.user.id() ?? null,
        credentials: (jwt) => ({ Authorization: `Bearer ${jwt}`, [CLIENT_KEY_HEADER]: inBytes(clientKey) }),
      });
      authorizedDelivery = delivery;
      if (!provider) {
        warn(
          'delivery.authorization is "customer-token", and the option "customerToken" has no provider: events wait until setCustomerToken is called',
        );
      }
      closeAtTheEnd(delivery.close);
      const { ledger, oldest, send, takes } = delivery;
      Object.assign(authorizedParts.outbox, { ledger, oldest });
      Object.assign(authorizedParts.transport, { send, takes });
      wakeSender();
    },
  };
}

/** The name by which the first load imports this file. All lazy files share it, because a repeated name compresses well. */
export { createPrivateClient as create };
