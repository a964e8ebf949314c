/** The events of Customer.io's own in-app plugin, for pages that were written for it. */

/** The option `events` of the official plugin: a function, or an object with `handleEvent`. It gets `CustomEvent`s. */
export type OfficialListener =
  ((event: CustomEvent<OfficialDetail>) => void) | { handleEvent(event: CustomEvent<OfficialDetail>): void };

/** The `detail` of such an event. */
export interface OfficialDetail {
  /** Id of the message's content; for a message of the inbox, its id. */
  readonly messageId: string;
  /** Id of the delivery. Missing for messages without one, such as broadcasts. */
  readonly deliveryId?: string | undefined;
  /** With an action: the URL or text that the author has set. */
  readonly action?: string;
  /** With an action: the name of the button or link. */
  readonly name?: string;
  /** The same as `name`. */
  readonly actionName?: string;
  /** The same as `action`. */
  readonly actionValue?: string;
  /** Closes the message. Missing for messages of the inbox. */
  readonly message?: { dismiss(): void };
}

/** The end of the event's name. `opened` is the plugin's word for `shown`. */
export type OfficialKind = 'opened' | 'dismissed' | 'action' | 'error';

/** Dispatches `in-app:message-…` or `in-app-inbox:message-…` to the listener. `report` gets what the listener throws. */
export function dispatchOfficial(
  listener: OfficialListener | undefined,
  place: 'in-app' | 'in-app-inbox',
  kind: OfficialKind,
  detail: OfficialDetail,
  report: (cause: unknown) => void,
): void {
  if (!listener) return;
  const event = new CustomEvent(`${place}:message-${kind}`, { detail });
  try {
    if (typeof listener === 'function') listener(event);
    else listener.handleEvent(event);
  } catch (cause) {
    report(cause);
  }
}
