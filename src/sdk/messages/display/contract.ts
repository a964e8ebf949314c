/**
 * The display draws in-app messages and talks to their frames. It knows nothing of the network, of persons and of the queue:
 * it gets a message, reports what happens to it, and removes everything when it is asked to.
 */
import type { Clock } from '../../browser.ts';

/**
 * The colour scheme that messages are drawn with.
 *
 * - `default`: light
 * - `system`: the one of the operating system
 * - `auto`: the CSS property `color-scheme` of the page
 */
export type ColorScheme = 'default' | 'system' | 'auto';

/** A message to draw. */
export interface DisplayMessage {
  /** Id of this display of the message: unique in the page, and used for no second display. */
  readonly instanceId: string;
  /** Id of the message's content, by which the renderer draws it. */
  readonly messageId: string;
  /** The message as the service has sent it. The field `gist` says where it is shown: `placement.ts` reads it. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/**
 * Something that has happened to a message. When `dismissed`, `error` or `gone` is reported, the place of the message is free
 * already: the listener may show the next one at once.
 *
 * - `shown`: the visitor sees it. At most once for each `instanceId`
 * - `dismissed`: it was closed. `snoozeMinutes` (1 to 43 200): the visitor wants to see it again after this time. Only messages
 *   with `gist.persistent` can be snoozed
 * - `action`: the visitor has tapped something, also what closes the message. `action` is a URL or a text of the author
 * - `event`: the message asks for an event. The name is the author's choice: the listener decides whether it is tracked
 * - `error`: the frame has failed, or was not ready in five seconds. The message is removed
 * - `gone`: the page has no element for the message (any more). The message may be shown on another page
 */
export type DisplayReport =
  | { readonly type: 'shown' | 'error' | 'gone'; readonly instanceId: string }
  | { readonly type: 'dismissed'; readonly instanceId: string; readonly snoozeMinutes?: number }
  | { readonly type: 'action'; readonly instanceId: string; readonly action: string; readonly name: string }
  | { readonly type: 'event'; readonly instanceId: string; readonly name: string; readonly payload: unknown };

export interface DisplayNeeds {
  /** URL of the page that draws a message: `{proxyUrl}/v1/frame/index.html`, absolute or relative to the page. */
  readonly frameUrl: string;
  readonly clock: Clock;
  readonly colorScheme: ColorScheme;
  /**
   * Abilities of the page that are announced to the frame: `Snooze` where the listener of `report` honours
   * `snoozeMinutes`. Without `MultiStepDisplayTypes` and `CrossPageStepNavigation`, which the display does not have, the renderer
   * changes steps inside the frame.
   * @default []
   */
  readonly capabilities?: readonly string[];
  /** Removes everything when it aborts. */
  readonly ending: AbortSignal;
  /** Facts about the visitor for the renderer, such as `cio_anonymous_id`. */
  customAttributes(): Readonly<Record<string, string>>;
  report(report: DisplayReport): void;
  /** Called for the action `gist://showMessage`. Missing: that action is reported only. */
  showMessage?(messageId: string, properties: Readonly<Record<string, unknown>>): void;
}

export interface Display {
  /**
   * Draws a message. Returns false where its place is taken, the browser cannot draw it, or the display has ended: nothing is
   * reported then.
   */
  show(message: DisplayMessage): boolean;
  /** Closes a message, and reports `dismissed`. Without effect on an unknown id. */
  dismiss(instanceId: string): void;
  /** Removes every frame before it returns, and reports nothing. */
  removeAll(): void;
  /** Whether `show` would find the place of a message with these properties free. */
  isFree(properties: Readonly<Record<string, unknown>>): boolean;
}
