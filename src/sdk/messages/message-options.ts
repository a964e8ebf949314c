import type { ColorScheme } from './display/contract.ts';
import type { OfficialListener } from './official-events.ts';

/** A message that may be shown, for `canShow`. */
export interface ShowableMessage {
  /** Id of the message's content. */
  readonly messageId: string;
  /** Id of the delivery. Missing for messages without one, such as broadcasts. */
  readonly deliveryId?: string;
  /** The message as Customer.io has sent it. The field `gist` says where and how it is shown. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/**
 * Options of `inApp`: in-app messages of Customer.io. The proxy needs its option `inApp`.
 *
 * @example
 * const analytics = createAnalytics({
 *   proxyUrl: '/e',
 *   clientKey: 'client-api-key-web',
 *   customerToken: () => fetch('/token').then((response) => response.text()),
 *   inApp: { anonymous: true, canShow: ({ messageId }) => messageId !== 'survey' || location.pathname === '/' },
 * });
 */
export interface InAppMessageOptions {
  /**
   * Whether visitors who are not identified get messages too (broadcasts only). The proxy needs `inApp.anonymous`. The official
   * plugin's name `anonymousInApp` is accepted too.
   * @default false
   */
  readonly anonymous?: boolean;
  /**
   * Where the page that draws a message comes from. `proxy`: from your proxy (`{proxyUrl}/v1/frame/`). `direct`: from Customer.io,
   * so that the Content Security Policy of the page must allow frames of `renderer.gist.build` and `code.gist.build`.
   * @default 'proxy'
   */
  readonly renderer?: 'proxy' | 'direct';
  /** The colour scheme of messages: light, that of the operating system, or the CSS property `color-scheme` of the page. @default 'default' */
  readonly colorScheme?: ColorScheme;
  /**
   * Called before a message is shown. `false`: the message is not shown now. The function is called again for the message at the next
   * page view, fetch and `messages.resume()`. When the function throws, the message is shown and an `error` event (`plugin-failed`) is
   * emitted.
   * @default none
   */
  readonly canShow?: (message: ShowableMessage) => boolean;
  /** The option of the official plugin: gets its events as `CustomEvent`s, such as `in-app:message-opened`. @default none */
  readonly events?: OfficialListener;
  /** The option of the official plugin. @default the value of `anonymous` */
  readonly anonymousInApp?: boolean;
  /** The option of the official plugin. Not needed: the proxy knows the site id. */
  readonly siteId?: string;
  /** The option of the official plugin: `false` switches in-app messages off. @default true */
  readonly enabled?: boolean;
}

/** The options, complete. */
export interface InAppMessageSettings {
  readonly isEnabled: boolean;
  readonly isAnonymous: boolean;
  readonly isDirect: boolean;
  readonly colorScheme: ColorScheme;
  readonly canShow: InAppMessageOptions['canShow'];
  readonly events: OfficialListener | undefined;
}

const NAMES = 'anonymous renderer colorScheme canShow events anonymousInApp siteId enabled'.split(' ');
const COLOR_SCHEMES: ReadonlySet<unknown> = new Set(['default', 'system', 'auto']);

/** Completes the options. A wrong or unknown option counts as missing: `wrong` gets one sentence about all of them. */
export function resolveMessageOptions(
  option: unknown,
  wrong: (sentence: string) => void,
): InAppMessageSettings {
  const isObject = typeof option === 'object' && option !== null;
  const given: Readonly<Record<string, unknown>> = isObject ? { ...option } : {};
  const { anonymous, renderer, colorScheme, canShow, events, anonymousInApp, enabled } = given;
  const mistakes = Object.keys(given)
    .filter((name) => !NAMES.includes(name))
    .map((name) => `inApp.${name} is not supported`);
  if (!isObject && option !== true) mistakes.push('inApp must be true or an object');
  if (canShow !== undefined && typeof canShow !== 'function')
    mistakes.push('inApp.canShow must be a function');
  if (![undefined, 'proxy', 'direct'].includes(renderer as string))
    mistakes.push('inApp.renderer must be "proxy" or "direct"');
  if (colorScheme !== undefined && !COLOR_SCHEMES.has(colorScheme))
    mistakes.push('inApp.colorScheme must be "default", "system" or "auto"');
  if (mistakes.length) wrong(mistakes.join('; '));
  return {
    isEnabled: enabled !== false,
    isAnonymous: (anonymous ?? anonymousInApp) === true,
    isDirect: renderer === 'direct',
    colorScheme: COLOR_SCHEMES.has(colorScheme) ? (colorScheme as ColorScheme) : 'default',
    canShow: typeof canShow === 'function' ? (canShow as InAppMessageOptions['canShow']) : undefined,
    events: events as OfficialListener | undefined,
  };
}
