import type { CreateProducer, Producer } from '../core/contract.ts';
import type { OfficialAnalytics, OfficialEvent, OfficialUser } from './contract.ts';

declare const __VERSION__: string;

/** Makes events from those of Customer.io's SDK. */
export interface OfficialProducer extends Producer {
  /** Puts library and consent on an event, and hands it to the outbox. */
  produce(id: string, event: OfficialEvent): void;
}

/** A visitor without ids. Customer.io's SDK makes and stores an anonymous id when its own user is asked for it. */
export const NOBODY: OfficialUser = { id: () => null, anonymousId: () => null };

/** @param user the visitor */
export const createOfficialProducer =
  (
    analytics: OfficialAnalytics,
    user: OfficialUser,
    idle: () => Promise<unknown>,
  ): CreateProducer<OfficialProducer> =>
  (needs, { accept, onIdentity }) => {
    let known = '';
    const reload = (): void => {
      const who = { userId: user.id() ?? null, anonymousId: user.anonymousId() ?? null };
      const before = known;
      known = JSON.stringify(who);
      if (before && before !== known) onIdentity(who);
    };
    reload();

    return {
      visitor: {
        user,
        reload,
        // Ids and traits are in the stores and in the memory of Customer.io's SDK, which alone can delete them.
        wipe() {},
      },
      wrapped: { idle, pluginInstance: analytics },
      produce(id, event) {
        const categories = needs.categories();
        if (categories['analytics'] === false) return needs.drop(id, 'consent');
        event.context['library'] ??= { name: 'cio-first-party', version: __VERSION__ };
        // The field of Segment's consent wrappers. https://segment.com/docs/privacy/consent-management/
        if (Object.keys(categories).length) event.context['consent'] ??= { categoryPreferences: categories };
        return accept(id, event);
      },
    };
  };
