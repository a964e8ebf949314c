import type { HandledInboxMessage } from '../../protocol/messages.ts';
import type { InboxEntry } from './contract.ts';

/** A message of the inbox, with the fields that the application does not get. */
export interface InboxItem {
  readonly entry: InboxEntry;
  /** As in {@link HandledInboxMessage}. */
  readonly handle: string | undefined;
  readonly deliveryId: string | undefined;
}

/** A change of one message. */
export interface InboxChange {
  readonly id: string;
  /** Whether the message is opened from now on. Missing: the message is deleted. */
  readonly opened?: boolean | undefined;
}

/** The methods of a message, for the person to whom the message belongs. */
export interface ItemActions {
  setOpened(id: string, opened: boolean): Promise<void>;
  remove(id: string): Promise<void>;
  click(item: InboxItem, name?: string): Promise<void>;
  /** A click in the message with this id. */
  clickOn(id: string, name?: string): Promise<void>;
}

/** Messages with such a topic belong to a part of the page that Customer.io's own script draws. */
const RESERVED_PREFIX = '_cio';

/** A rejection that the application does not observe must not reach `unhandledrejection`. */
function observed(promise: Promise<void>): Promise<void> {
  promise.catch(() => undefined);
  return promise;
}

export function toItem(message: HandledInboxMessage, actions: ItemActions): InboxItem {
  const { handle, deliveryId, ...fields } = message as HandledInboxMessage & { deliveryId?: string };
  const { id, expiry } = fields;
  const item: InboxItem = {
    handle,
    deliveryId,
    entry: {
      ...fields,
      messageId: id,
      ...(expiry && { expiresAt: new Date(expiry) }),
      markOpened: () => observed(actions.setOpened(id, true)),
      markUnopened: () => observed(actions.setOpened(id, false)),
      markDeleted: () => observed(actions.remove(id)),
      trackClick: (name) => observed(actions.click(item, name)),
    },
  };
  return item;
}

export const findItem = (items: readonly InboxItem[], id: string): InboxItem | undefined =>
  items.find(({ entry }) => entry.id === id);

/** Whether the change makes a difference to these messages. */
export function isChangedBy(items: readonly InboxItem[], { id, opened }: InboxChange): boolean {
  const item = findItem(items, id);
  return item !== undefined && item.entry.opened !== opened;
}

/** Returns the messages after the change. Messages that the change does not concern stay the same objects. */
export const afterChange = (
  items: readonly InboxItem[],
  { id, opened }: InboxChange,
): readonly InboxItem[] =>
  opened === undefined
    ? items.filter(({ entry }) => entry.id !== id)
    : items.map((item) => (item.entry.id === id ? { ...item, entry: { ...item.entry, opened } } : item));

/** A message without a valid date comes last. */
const sentAtMs = ({ sentAt }: InboxEntry): number => Date.parse(sentAt) || -Infinity;

/**
 * Returns the messages of these topics for the application, the newest first. The rules for topics are those of Customer.io's own
 * script (cdp-analytics-browser 0.5.11): topics are compared as they are written, and a message with a topic that begins with
 * `_cio` is returned only where such a topic is asked for.
 */
export function selectEntries(items: readonly InboxItem[], topics: readonly string[]): readonly InboxEntry[] {
  const isReserved = (topic: string): boolean => topic.startsWith(RESERVED_PREFIX);
  return (
    items
      .map(({ entry }) => entry)
      .filter(
        ({ topics: own = [] }) =>
          (topics.some(isReserved) || !own.some(isReserved)) &&
          (!topics.length || own.some((topic) => topics.includes(topic))),
      )
      // Two messages without a date: the difference is NaN, which keeps their order.
      .sort((one, other) => sentAtMs(other) - sentAtMs(one))
  );
}
