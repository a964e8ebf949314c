import type { User } from './identity.ts';

/** Somebody of whom nothing is known, and nothing is kept: the visitor before consent, and on a server. */
export function nobody(): User {
  const ignore = (): void => {};
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
