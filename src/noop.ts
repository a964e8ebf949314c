import type { Analytics, Receipt } from './analytics.ts';
import type { User } from './customerio/identity.ts';
import { createAccounts } from './accounts.ts';

const ignore = (): void => {};

/** Somebody of whom nothing is known, and nothing is kept. */
export function nobody(): User {
  const user: User = {
    options: {},
    id: () => null,
    anonymousId: () => null,
    traits: () => ({}),
    identify: ignore,
    logout: ignore,
    reset: ignore,
    load: () => user,
    save: () => true,
  };
  return user;
}

/** The instance where there is no page: on a server, in a worker. It does nothing, and every call can be made. */
export function createNoop(): Analytics {
  const nothing = async (): Promise<Receipt> => ({ id: '', state: 'discarded' });
  const later = async (): Promise<void> => {};
  const group = (...args: readonly unknown[]): never => (args.length ? nothing() : nobody()) as never; // both overloads
  return {
    track: nothing,
    page: nothing,
    screen: nothing,
    identify: nothing,
    group,
    alias: nothing,
    anonymize: ignore,
    reset: ignore,
    flush: async () => ({ delivered: 0, pending: 0, dropped: 0 }),
    stats: () => createAccounts().stats(undefined),
    consent: { state: 'pending', grant: ignore, deny: ignore },
    on: () => ignore,
    ready: later,
    user: nobody,
    register: later,
    deregister: later,
    addSourceMiddleware: later,
    setAnonymousId: () => null,
    close: ignore,
  };
}
