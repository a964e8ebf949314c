import { createStoredUser, type User } from './stored-user.ts';

/** Somebody of whom nothing is known, and nothing is kept: the visitor before consent, and on a server. */
export function unknownUser(): User {
  const needs = { options: { disable: true, persist: false }, keys: { id: '', traits: '' } };
  // One that is disabled asks for nothing else.
  return createStoredUser(needs as Parameters<typeof createStoredUser>[0]);
}
