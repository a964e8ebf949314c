import { ATTRIBUTES_PATH, CATEGORIES_PATH, type SubscriptionTopic } from '../../protocol/wire.ts';
import type { JsonCall, Customer } from './contract.ts';

/** Reads and writes attributes and subscriptions. The requests contain no user id: the proxy takes it from the token. */
export function createCustomer(callJson: JsonCall): Customer {
  return {
    async attributes() {
      const { attributes } = await callJson(ATTRIBUTES_PATH, {}, true);
      return (attributes ?? {}) as Readonly<Record<string, unknown>>;
    },
    async subscriptions(changes) {
      if (changes) {
        const topics = Object.entries(changes).map(([id, subscribed]) => ({ id, subscribed }));
        await callJson(CATEGORIES_PATH, { topics }, false);
      }
      const { topics } = await callJson(CATEGORIES_PATH, {}, true);
      return (Array.isArray(topics) ? topics : []) as readonly SubscriptionTopic[];
    },
  };
}
