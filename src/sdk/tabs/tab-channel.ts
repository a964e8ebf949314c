import type { Channel } from '../browser.ts';
import type { AnalyticsEvents } from '../events.ts';

/** What the open tabs of a site tell each other. */
export type TabMessage =
  | { readonly kind: 'stored' }
  /** The tab that sends has heard that something is stored. */
  | { readonly kind: 'here' }
  /** What the tab that sends has told its own page. */
  | { readonly kind: 'told'; readonly name: Told; readonly payload: AnalyticsEvents[Told] }
  | { readonly kind: 'flush' }
  | { readonly kind: 'identity' }
  | { readonly kind: 'denied' };

type Told = 'delivered' | 'retrying' | 'dropped' | 'blocked';

export interface TabChannel {
  /** Also while it takes no part. */
  tell(message: TabMessage): void;
  /** An open channel keeps a page out of the back/forward cache. */
  leave(): void;
  join(): void;
}

export function createTabChannel(
  open: (onMessage: (message: unknown) => void) => Channel | undefined,
  onMessage: (message: TabMessage) => void,
): TabChannel {
  let channel: Channel | undefined;
  const tabs: TabChannel = {
    tell(message) {
      // An instance that was closed, or a page that wakes, may still have something to say.
      const used = channel ?? open(() => {});
      used?.post(message);
      if (used !== channel) used?.close();
    },
    leave() {
      channel?.close();
      channel = undefined;
    },
    join() {
      // Only this package, of this client key, speaks here.
      channel ??= open((message) => onMessage(message as TabMessage));
    },
  };
  tabs.join();
  return tabs;
}
