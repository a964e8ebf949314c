import { createStoredUser, type User } from './stored-user.ts';

/** Creates a user without ids and traits, who stores nothing: the visitor before consent, and on a server. */
export function unknownUser(): User {
  const needs = { options: { disable: true, persist: false }, keys: { id: '', traits: '' } };
  // A disabled user never calls the other needs.
  return createStoredUser(needs as Parameters<typeof createStoredUser>[0]);
}
