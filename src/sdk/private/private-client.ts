import { createTokenCache } from '../auth/token-cache.ts';
import type { TokenIdentity, TokenEvent, TokenResult, TokenStatus } from '../auth/contract.ts';
import { resolveCustomerToken } from '../auth/customer-token-options.ts';
import * as browser from '../browser.ts';
import { clock, lifecycle } from '../browser.ts';
import type { Visitor } from '../identity/visitor.ts';
import type { SdkError, SdkErrorCode } from '../../protocol/errors.ts';
import type { Categories } from '../events.ts';
import { createAuthorizedFetch } from './authorized-fetch.ts';
import type { AskForJson, MakeCall } from './contract.ts';
import { createCustomer } from './customer.ts';
import {
  createAuthorizedDelivery,
  type AuthorizedDelivery,
  type WakeSender,
  type DeliveryParts,
} from './authorized-delivery.ts';
import { createInbox } from './inbox.ts';
import type { AnalyticsSettings } from '../options/options.ts';
import { CLIENT_KEY_HEADER, inBytes, type InboxMessage } from '../../protocol/wire.ts';

/** All that needs a customer token: few pages have one, and load this then. */
export interface PrivateClient {
  /** By its name, for the person of that epoch. */
  ask(epoch: number, name: keyof PrivateMethods, args: readonly unknown[]): unknown;
  status(): TokenStatus;
  /** Somebody else, before anybody is told of it. */
  identity(who: TokenIdentity): void;
  /** Puts itself between the sender and these. */
  guard(way: DeliveryParts, guarded: DeliveryParts, nudge: WakeSender): void;
}

/** They throw and reject with `SdkError`s. */
export interface PrivateMethods {
  set(token: TokenResult | null): void;
  refresh(): Promise<TokenStatus>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  messages(): Promise<readonly InboxMessage[]>;
  onChange(listener: (messages: readonly InboxMessage[]) => void, signal: AbortSignal): void;
  markAsRead(id: string): Promise<void>;
  delete(id: string): Promise<void>;
  attributes(): Promise<Readonly<Record<string, unknown>>>;
  subscriptions(
    changes?: Readonly<Record<string, boolean>>,
  ): ReturnType<ReturnType<typeof createCustomer>['subscriptions']>;
}

export interface PrivateNeeds {
  readonly settings: Pick<AnalyticsSettings, 'proxyUrl' | 'clientKey' | 'delivery' | 'customerToken'>;
  /** Aborts when the SDK is closed or consent is withdrawn. */
  readonly ending: AbortSignal;
  readonly visitor: Pick<Visitor, 'reload' | 'user'>;
  /** Which of the visitor's choices are on; empty where that is not known. */
  categories(): Categories;
  /** Counts who it was: the same person again, after another, is not the same. */
  epoch(): number;
  emit(name: 'token', event: TokenEvent): void;
  fail(code: SdkErrorCode, message: string, cause?: unknown): void;
  /** The page's own class: a file that is loaded later would bring another. */
  readonly SdkError: typeof SdkError;
}

export function createPrivateClient(needs: PrivateNeeds): PrivateClient {
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

  let guard: AuthorizedDelivery | undefined;
  const token = createTokenCache({
    clock,
    monotonicMs: browser.monotonicMs,
    random: browser.random,
    isAwake,
    provider,
    options: limits,
    identity: { userId: visitor.user.id() ?? null, anonymousId: visitor.user.anonymousId() ?? null },
    // Who came while this was loaded has been identified no less.
    reason: needs.epoch() ? 'identify' : 'initial',
    error: (code, message, { retryAtMs, ...extra } = {}) =>
      Object.assign(error(code, message, extra), retryAtMs === undefined ? {} : { retryAtMs }),
    tell(event) {
      needs.emit('token', event);
      guard?.told(event);
    },
    warn: (message) => browser.warnInConsole(`cio-first-party: ${message}`),
  });

  const calls = createAuthorizedFetch({
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

  const make: MakeCall = async (call, read) => {
    if (needs.categories()['messaging'] === false) throw error('auth-disabled', 'No consent');
    return calls.make(call, read);
  };

  const ask: AskForJson = (path, body, isRead) => {
    const init = {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    };
    const failed = (what: string, cause?: unknown): SdkError =>
      error('private-call-failed', `${path} ${what}`, { cause });
    const read = async (response: Response): Promise<Readonly<Record<string, unknown>>> => {
      // What was written is written, whatever becomes of the words that say so.
      const isDone = response.ok && !isRead;
      const text = await response.text().catch((cause: unknown) => {
        if (!isDone) throw cause;
        return '';
      });
      const said = fields(text);
      // An answer may be empty, where there is nothing to say.
      if (isDone || (response.ok && (said ?? !text))) return said ?? {};
      const { error: code = '', message = '' } = said ?? {};
      throw failed(`was answered ${response.status} ${String(code)} ${String(message)}`.trim());
    };
    return make({ path, init, isRead }, read).catch((cause: unknown) => {
      throw cause instanceof needs.SdkError ? cause : failed('got no answer', cause);
    });
  };

  const inbox = createInbox({
    clock,
    ask,
    isAwake,
    hasPerson: () => Boolean(visitor.user.id()),
    subscribe: token.subscribe,
    report: (cause) => fail('plugin-failed', 'Listener of the inbox', cause),
  });
  const customer = createCustomer(ask);

  function wake(): void {
    token.wake();
    inbox.wake();
  }
  for (const event of ['show', 'online', 'return'] as const) lifecycle.on(event, wake, needs.ending);
  const closeAtTheEnd = (close: () => void): void => {
    // The SDK may have been closed while this file was loaded.
    if (needs.ending.aborted) close();
    else needs.ending.addEventListener('abort', close);
  };
  for (const { close } of [inbox, token, calls]) closeAtTheEnd(close);

  const methods: PrivateMethods = {
    set: token.set,
    refresh: token.refresh,
    fetch(path, init = {}) {
      const isRead = /^(get|head)$/i.test(init.method ?? 'GET');
      return make({ path, init, isRead }, (response) => response);
    },
    messages: inbox.messages,
    onChange(listener, signal) {
      if (signal.aborted) return;
      const stop = inbox.onChange((messages) => {
        if (!signal.aborted) listener(messages);
      });
      // It may have been stopped by what it has just heard.
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop);
    },
    markAsRead: inbox.markAsRead,
    delete: inbox.delete,
    attributes: customer.attributes,
    subscriptions: customer.subscriptions,
  };

  return {
    ask(epoch, name, args) {
      if (epoch !== needs.epoch()) {
        // Nobody waits for these two to say that they came too late.
        if (name === 'set') return undefined;
        if (name === 'refresh') return token.status();
        if (name !== 'onChange') throw changed();
      }
      return (methods[name] as (...given: readonly unknown[]) => unknown)(...args);
    },
    status: token.status,
    identity(who) {
      if (who.userId !== token.status().userId) guard?.leaving();
      if (!token.identity(who)) return;
      calls.cutOff();
      inbox.changed();
      guard?.changed();
    },
    guard(way, guarded, nudge) {
      if (guard) return;
      const made = createAuthorizedDelivery({
        way,
        nudge,
        clock,
        token,
        isAwake,
        userId: () => visitor.user.id() ?? null,
        credentials: (jwt) => ({ Authorization: `Bearer ${jwt}`, [CLIENT_KEY_HEADER]: inBytes(clientKey) }),
      });
      guard = made;
      closeAtTheEnd(made.close);
      const { ledger, oldest, send, takes } = made;
      Object.assign(guarded.outbox, { ledger, oldest });
      Object.assign(guarded.transport, { send, takes });
      nudge();
    },
  };
}

/** The first load imports this file by this name. All lazy files share it, because a repeated name costs few bytes. */
export { createPrivateClient as create };

/** undefined for what is no object of JSON. */
function fields(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const said: unknown = JSON.parse(text);
    return typeof said === 'object' && said !== null
      ? (said as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
