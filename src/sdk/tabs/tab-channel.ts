import type { Channel } from '../browser.ts';
import type { AnalyticsEvents } from '../events.ts';

/** A message between the open tabs of a site. */
export type TabMessage =
  /** An event was stored. */
  | { readonly kind: 'stored' }
  /** Life sign of the tab that leads, as the answer to `stored` and `flush`. */
  | { readonly kind: 'here' }
  /** An event that the tab that leads has emitted in its own page. */
  | { readonly kind: 'told'; readonly name: Told; readonly payload: AnalyticsEvents[Told] }
  /** The tab that leads shall send all events now. */
  | { readonly kind: 'flush' }
  /** The visitor's ids have changed. */
  | { readonly kind: 'identity' }
  /** The visitor has denied or withdrawn consent. */
  | { readonly kind: 'denied' };

type Told = 'delivered' | 'retrying' | 'dropped' | 'blocked';

export interface TabChannel<Message = TabMessage> {
  /** Sends a message, also after this tab has left. */
  tell(message: Message): void;
  /** Closes the channel: an open one keeps a page out of the back/forward cache. */
  leave(): void;
  /** Opens the channel. */
  join(): void;
}

export function createTabChannel<Message = TabMessage>(
  open: (onMessage: (message: unknown) => void) => Channel | undefined,
  onMessage: (message: Message) => void,
): TabChannel<Message> {
  let channel: Channel | undefined;
  const tabs: TabChannel<Message> = {
    tell(message) {
      // An instance that was closed, or a page that wakes up, has no channel, and uses a temporary one.
      const used = channel ?? open(() => {});
      used?.post(message);
      if (used !== channel) used?.close();
    },
    leave() {
      channel?.close();
      channel = undefined;
    },
    join() {
      // Only instances of this package with this client key post messages on this channel.
      channel ??= open((message) => onMessage(message as Message));
    },
  };
  tabs.join();
  return tabs;
}
