import { INBOX_DELETE_PATH, INBOX_READ_PATH } from '../../protocol/wire.ts';
import type { InboxNeeds } from './inbox-contract.ts';
import { findItem, type InboxChange, type InboxItem, type ItemActions } from './inbox-items.ts';

/** The inbox of the person to whom the actions belong. */
export interface ActionsInbox {
  /** @throws when the person has changed, or the SDK is closed */
  check(): void;
  /** The messages that are known, as the application sees them. */
  known(): readonly InboxItem[];
  /** Whether the messages have been fetched. */
  hasLoaded(): boolean;
  fetchItems(): Promise<readonly InboxItem[]>;
  /** Shows the change, and writes it. */
  change(path: string, made: InboxChange): Promise<void>;
}

/** The actions of the application with messages: each is written, reported to Customer.io as a metric, and told to the page. */
export function createInboxActions(
  needs: Pick<InboxNeeds, 'error' | 'reportMetric' | 'onInboxAction'>,
  inbox: ActionsInbox,
): ItemActions {
  const { check, change } = inbox;

  /** Returns a message that is known, or else found by the first fetch. */
  const lookUp = async (id: string): Promise<InboxItem | undefined> =>
    findItem(inbox.known(), id) ?? (inbox.hasLoaded() ? undefined : findItem(await inbox.fetchItems(), id));

  function tellPage(
    kind: 'opened' | 'dismissed' | 'action',
    { deliveryId, entry }: InboxItem,
    name?: string,
  ): void {
    needs.onInboxAction?.(kind, { id: entry.id, deliveryId }, name);
  }

  async function click(item: InboxItem, name?: string): Promise<void> {
    check();
    if (item.handle) needs.reportMetric?.(item.handle, 'clicked', name === undefined ? undefined : { name });
    tellPage('action', item, name);
  }

  return {
    async setOpened(id, opened) {
      check();
      if (opened) {
        let item = findItem(inbox.known(), id);
        // Only the state before the change says whether the message was opened already. So the change is written after a fetch.
        if (!item && !inbox.hasLoaded()) {
          item = await lookUp(id).catch(() => undefined);
          check();
          // Another call may have marked the message while this one waited.
          item = findItem(inbox.known(), id) ?? item;
        }
        if (item && !item.entry.opened) {
          if (item.handle) needs.reportMetric?.(item.handle, 'opened');
          tellPage('opened', item);
        }
      }
      return change(INBOX_READ_PATH, { id, opened });
    },
    async remove(id) {
      check();
      const item = findItem(inbox.known(), id);
      if (item) tellPage('dismissed', item);
      return change(INBOX_DELETE_PATH, { id });
    },
    click,
    async clickOn(id, name) {
      const item = await lookUp(id);
      if (!item) throw needs.error('private-call-failed', `The inbox has no message with the id "${id}"`);
      return click(item, name);
    },
  };
}
