import type { Inbox, InboxView } from '../private/contract.ts';
import type { PrivateMethods } from '../private/private-client.ts';

type Method = keyof PrivateMethods;

/**
 * Makes `analytics.inbox`.
 * @param ask makes a private call; without consent this call rejects
 * @param later makes a private call that waits for consent
 */
export function createInboxMembers(
  ask: (name: Method, ...first: readonly unknown[]) => (...args: readonly unknown[]) => Promise<never>,
  later: (name: Method, ...args: readonly unknown[]) => void,
): Inbox {
  const view = (...topics: readonly string[]): InboxView => {
    const onChange: InboxView['onChange'] = (listener) => {
      const control = new AbortController();
      // Unlike other private calls, this one waits for consent: a listener has time.
      later('onChange', listener, control.signal, topics);
      return () => control.abort();
    };
    return {
      messages: ask('messages', topics),
      total: ask('total', topics),
      totalUnopened: ask('totalUnopened', topics),
      onChange,
      onUpdates: onChange,
    };
  };
  return Object.assign(view, view(), {
    markAsRead: ask('markAsRead'),
    markAsUnread: ask('markAsUnread'),
    trackClick: ask('trackClick'),
    delete: ask('delete'),
  });
}
