import type * as browserFile from '../browser.ts';
import type { SdkErrorCode } from '../../protocol/errors.ts';
import { basicAuthorization, CLIENT_KEY_HEADER, inBytes } from '../../protocol/wire.ts';
import type { HandledInboxMessage } from '../../protocol/messages.ts';
import type { AnalyticsSettings } from '../options/options.ts';
import type { MakeCall } from '../private/contract.ts';
import type { ReportMetric } from '../private/report-metric.ts';
import { type InAppMessageSettings, resolveMessageOptions } from './message-options.ts';
import { createListFeed } from './list-feed.ts';
import { createMessageCall } from './message-call.ts';
import type { InAppMessageEvent } from './contract.ts';
import { createMessageHost } from './message-host.ts';
import { createMessageStates, type MessageState } from './message-state.ts';
import { dispatchOfficial, type OfficialKind } from './official-events.ts';
import { createSeenReports } from './seen-reports.ts';

/** In-app messages of one page, for as long as the visitor agrees. This file is loaded only by pages with the option `inApp`. */
export interface MessagesClient {
  /** To be called after the identity has changed. Every frame of the previous person is removed before this returns. */
  afterIdentityChange(): void;
  /** To be called with a new customer token. */
  onToken(): void;
  /**
   * To be called with each event of the wrapped SDK. `page` is a page view: category, name, properties. With an empty name, the
   * application has paused or resumed messages, or dismisses the message whose id is the first of `args`.
   */
  onSdkEvent(name: string, args: readonly unknown[]): void;
  /** Returns the inbox of the person, fetched together with the messages. Undefined where no messages are fetched for a person. */
  inbox(): Promise<readonly HandledInboxMessage[]> | undefined;
  /** The inbox was changed at the service: the lists that were fetched before are outdated. */
  onInboxChanged(): void;
  /** Something has happened to a message of the inbox, for the official plugin's option `events`. */
  onInboxAction(
    kind: OfficialKind,
    detail: { messageId: string; deliveryId?: string | undefined },
    name?: string,
  ): void;
}

/** The functions of the browser that this file uses: passed, so that they are not in two files. */
export type MessagesBrowser = Pick<
  typeof browserFile,
  | 'clock'
  | 'lifecycle'
  | 'local'
  | 'lockManager'
  | 'openChannel'
  | 'pageDocument'
  | 'pageUrl'
  | 'random'
  | 'randomNumbers'
  | 'request'
  | 'subtleCrypto'
  | 'uuid'
>;

export interface MessagesClientNeeds {
  readonly browser: MessagesBrowser;
  readonly settings: Pick<AnalyticsSettings, 'proxyUrl' | 'clientKey' | 'delivery' | 'inApp' | 'isPaused'>;
  readonly scope: string;
  readonly ending: AbortSignal;
  userId(): string | undefined;
  anonymousId(): string | undefined;
  /** Whether the visitor agrees to messages. */
  isAllowed(): boolean;
  readonly make: MakeCall;
  reportMetric: ReportMetric;
  onInbox(inbox: readonly HandledInboxMessage[]): void;
  emit(name: 'message', event: InAppMessageEvent): void;
  fail(code: SdkErrorCode, message: string, cause?: unknown): void;
  error(code: SdkErrorCode, message: string): Error;
  track(event: string, properties?: unknown): Promise<unknown>;
}

const DIRECT_URL = 'https://renderer.gist.build/3.0/index.html';

function createMessages(needs: MessagesClientNeeds): MessagesClient {
  const { browser, settings, ending, scope, fail } = needs;
  const { clock, lifecycle, random, uuid: newId } = browser;
  const { proxyUrl, clientKey, delivery } = settings;
  const options: InAppMessageSettings = resolveMessageOptions(settings.inApp, (text) =>
    fail('invalid-options', text),
  );
  const report = (what: string, cause: unknown): void => fail('plugin-failed', what, cause);
  const isAwake = (): boolean => !lifecycle.hidden() && lifecycle.online();

  const call = createMessageCall({
    clock,
    ending,
    proxyUrl,
    timeoutMs: delivery.requestTimeoutMs,
    credentials: delivery.credentials,
    make: needs.make,
    request: browser.request,
    keyHeader: () => {
      const header = delivery.clientKeyHeader;
      return { [header]: (header === CLIENT_KEY_HEADER ? inBytes : basicAuthorization)(clientKey) };
    },
    userId: needs.userId,
    anonymousId: needs.anonymousId,
  });
  const seen = createSeenReports({ clock, call, ending, random });
  const openState = createMessageStates({
    local: browser.local,
    scope,
    clock,
    subtle: browser.subtleCrypto(),
    randomNumbers: browser.randomNumbers,
    mayWrite: () => !ending.aborted,
  });

  function onEvent(event: InAppMessageEvent): void {
    const { type, messageId, deliveryId, actionName, actionValue } = event;
    needs.emit('message', event);
    const action =
      actionValue === undefined
        ? {}
        : { action: actionValue, name: actionName ?? '', actionName: actionName ?? '', actionValue };
    dispatchOfficial(
      options.events,
      'in-app',
      type === 'shown' ? 'opened' : type,
      {
        messageId,
        deliveryId,
        ...action,
        ...(type === 'shown' || type === 'action'
          ? { message: { dismiss: () => host.dismiss(messageId) } }
          : {}),
      },
      (cause) => report('inApp.events', cause),
    );
  }

  const host = createMessageHost({
    clock,
    ending,
    page: browser.pageDocument(),
    pathname: () => new URL(browser.pageUrl()).pathname,
    newId,
    isVisible: () => !lifecycle.hidden(),
    async loadDisplay(display) {
      const { create } = await import('./display/display.ts');
      return create({
        ...display,
        clock,
        ending,
        frameUrl: options.isDirect ? DIRECT_URL : `${proxyUrl}/v1/frame/index.html`,
        colorScheme: options.colorScheme,
        capabilities: ['Snooze'],
        customAttributes: () => ({ cio_anonymous_id: needs.anonymousId() ?? '' }),
      });
    },
    canShow(message) {
      try {
        return options.canShow?.(message) !== false;
      } catch (cause) {
        report('inApp.canShow', cause);
        return true;
      }
    },
    onEvent,
    reportMetric: needs.reportMetric,
    reportSeen: seen.add,
    track(payload) {
      const { event, properties } = Object(payload) as { event?: unknown; properties?: unknown };
      if (typeof event === 'string') needs.track(event, properties).catch(() => undefined);
    },
    loadPageRules: (tell) => import('./page-rule.ts').then(({ create }) => create(tell)),
    loadEmbeds: (page) => import('./embeds.ts').then(({ create }) => create(page)),
    tell: (mistake) => fail('plugin-failed', mistake),
  });

  let refused = false;
  const feed = createListFeed({
    clock,
    call,
    name: `${scope}:messages`,
    locks: browser.lockManager(),
    openChannel: browser.openChannel,
    openStream: (stream) =>
      import('./message-stream.ts').then(({ create }) => create({ clock, make: needs.make, random }, stream)),
    newId,
    random,
    isAwake,
    onLists({ messages, inbox }, isOwn) {
      host.setMessages(messages, isOwn);
      needs.onInbox(inbox);
    },
    onRefused(sentence) {
      if (!refused) fail('private-call-failed', sentence);
      refused = true;
    },
    error: (sentence) => needs.error('private-call-failed', sentence),
  });

  let person: string | null | undefined;
  let state: MessageState | undefined;
  let isAllowed = false;
  /** Resolves when the feed follows the person. Replaced with the person. */
  let following = Promise.resolve();

  /** Begins for the person of this moment. */
  function begin(): void {
    isAllowed = needs.isAllowed();
    const isOn = options.isEnabled && isAllowed && !ending.aborted;
    const userId = needs.userId();
    const next = !isOn ? undefined : (userId ?? (options.isAnonymous ? null : undefined));
    // Everything of a person who leaves the browser goes; the guest keeps how often broadcasts were shown.
    if (person && !userId) state?.forget();
    person = next;
    state = undefined;
    host.begin(undefined);
    seen.clear();
    feed.follow(undefined);
    if (next === undefined) return;
    following = openState(next ?? undefined).then((opened) => {
      if (person !== next || state || ending.aborted) return;
      state = opened;
      host.begin(opened);
      feed.follow(next);
    });
  }

  /** A call of the feed before it follows the person would be a fetch of its own, whose response is not used. */
  async function inboxOfPerson(): Promise<readonly HandledInboxMessage[]> {
    let awaited: Promise<void> | undefined;
    while (awaited !== following) await (awaited = following);
    return person ? feed.inbox() : [];
  }

  const wake = (): void => {
    feed.wake();
    host.update();
  };
  for (const event of ['show', 'hide', 'online', 'return'] as const) lifecycle.on(event, wake, ending);
  lifecycle.on('leave', feed.leave, ending);
  ending.addEventListener('abort', () => feed.follow(undefined));
  host.setPaused(settings.isPaused === true);
  begin();

  return {
    afterIdentityChange: begin,
    onToken: feed.retry,
    onSdkEvent(name, [id, pageName, properties]) {
      // The visitor may have changed the choices of consent.
      if (needs.isAllowed() !== isAllowed) begin();
      const { url } = Object(properties) as { url?: unknown };
      const route = [pageName, url].find((each): each is string => typeof each === 'string');
      if (name === 'page') host.setPage(route ?? browser.pageUrl());
      if (name) return;
      if (typeof id === 'string') host.dismiss(id);
      else host.setPaused(settings.isPaused === true);
    },
    onInboxChanged: feed.expire,
    inbox: () => (person ? inboxOfPerson() : undefined),
    onInboxAction(kind, detail, name) {
      const action = name === undefined ? {} : { action: name, name, actionName: name, actionValue: '' };
      dispatchOfficial(options.events, 'in-app-inbox', kind, { ...detail, ...action }, (cause) =>
        report('inApp.events', cause),
      );
    },
  };
}

/** The name by which the private client's file imports this one. All lazy files share it, because a repeated name costs few bytes. */
export { createMessages as create };
