/** The events of Customer.io's own in-app plugin, for pages that were written for it. */

/** The option `events` of the official plugin: a function, or an object with `handleEvent`. It gets `CustomEvent`s. */
export type OfficialListener =
  ((event: CustomEvent<OfficialDetail>) => void) | { handleEvent(event: CustomEvent<OfficialDetail>): void };

/** The `detail` of such an event. */
export interface OfficialDetail {
  readonly messageId: string;
  readonly deliveryId?: string | undefined;
  /** The action and the name of the button, for actions; each under both of the plugin's names. */
  readonly action?: string;
  readonly name?: string;
  readonly actionName?: string;
  readonly actionValue?: string;
  /** Closes the message. Missing for inbox messages. */
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
