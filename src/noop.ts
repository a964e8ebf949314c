import type { Analytics, Receipt } from './analytics.ts';
import type { User } from './customerio/identity.ts';
import { createAccounts } from './accounts.ts';

/** Somebody of whom nothing is known, and nothing is kept. */
export function nobody(): User {
  const user: User = {
    options: {},
    id: () => null,
    anonymousId: () => null,
    traits: () => ({}),
    identify() {},
    logout() {},
    reset() {},
    load: () => user,
    save: () => true,
  };
  return user;
}

/** The instance where there is no page: on a server, in a worker. It does nothing, and every call can be made. */
export function createNoop(): Analytics {
  const nothing = async (): Promise<Receipt> => ({ id: '', state: 'discarded' });
  const done = async (): Promise<void> => {};
  const group = (...args: readonly unknown[]): never => (args.length ? nothing() : nobody()) as never; // both overloads
  return {
    track: nothing,
    page: nothing,
    screen: nothing,
    identify: nothing,
    group,
    alias: nothing,
    anonymize() {},
    reset() {},
    flush: async () => ({ delivered: 0, pending: 0, dropped: 0 }),
    stats: () => createAccounts().stats(undefined),
    consent: { state: 'pending', grant() {}, deny() {} },
    on: () => () => {},
    ready: done,
    user: nobody,
    register: done,
    deregister: done,
    addSourceMiddleware: done,
    setAnonymousId: () => null,
    close() {},
  };
}
