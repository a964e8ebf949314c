import { createIdentity, type User } from './identity.ts';

/** Somebody of whom nothing is known, and nothing is kept: the visitor before consent, and on a server. */
export function nobody(): User {
  const needs = { options: { disable: true, persist: false }, keys: { id: '', traits: '' } };
  // One that is disabled asks for nothing else.
  return createIdentity(needs as Parameters<typeof createIdentity>[0]);
}
