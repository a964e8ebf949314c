import { afterChange, type InboxChange, type InboxItem } from './inbox-items.ts';

/** The state of one person's inbox. A change of the person replaces the whole object. */
export interface InboxState {
  /** The messages without the changes that are not written yet. */
  items: readonly InboxItem[];
  fetchedAtMs: number | undefined;
  /** Increased by each fetch and each change. A response is used only if the version is the same as when it was requested. */
  version: number;
  /** The changes without a response of the proxy yet, the oldest first. */
  pendingChanges: readonly InboxChange[];
  /** Whether `items` may be outdated: a fetch is in progress or its response was not used, or a change has failed. */
  isStale: boolean;
  /** The fetch in progress. */
  fetch: { readonly version: number; readonly result: Promise<readonly InboxItem[]> } | undefined;
}

export const emptyInbox = (): InboxState => ({
  items: [],
  fetchedAtMs: undefined,
  version: 0,
  pendingChanges: [],
  isStale: false,
  fetch: undefined,
});

/** Returns the messages as the application sees them: with the changes that are not written yet. */
export const shownIn = ({
  items,
  pendingChanges,
}: Pick<InboxState, 'items' | 'pendingChanges'>): readonly InboxItem[] =>
  pendingChanges.reduce(afterChange, items);
