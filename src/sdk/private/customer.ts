import { ATTRIBUTES_PATH, CATEGORIES_PATH, type SubscriptionTopic } from '../../protocol/wire.ts';
import type { AskForJson, Customer } from './contract.ts';

/** Attributes and subscriptions of the person. The proxy knows whose: nothing here names anybody. */
export function createCustomer(ask: AskForJson): Customer {
  return {
    async attributes() {
      const { attributes } = await ask(ATTRIBUTES_PATH, {}, true);
      return (attributes ?? {}) as Readonly<Record<string, unknown>>;
    },
    async subscriptions(changes) {
      if (changes) {
        const topics = Object.entries(changes).map(([id, subscribed]) => ({ id, subscribed }));
        await ask(CATEGORIES_PATH, { topics }, false);
      }
      const { topics } = await ask(CATEGORIES_PATH, {}, true);
      return (Array.isArray(topics) ? topics : []) as readonly SubscriptionTopic[];
    },
  };
}
