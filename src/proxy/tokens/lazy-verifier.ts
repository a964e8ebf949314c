import { type Refusal, refuseToken } from '../http/response.ts';
import { lazy } from '../lib/lazy.ts';
import { type FindAuthorizer, authorizeMerges } from './authorize-events.ts';
import type { TokenCheck, VerifierNeeds } from './contract.ts';
import type { TokenVerificationOptions } from './token-options.ts';

export const NO_TOKENS: Refusal = refuseToken(
  'Customer tokens are not configured on this proxy: send the client key as Basic.',
);

/** The checks that depend on customer tokens: of a token, and of the events that a sender may send with or without one. */
export interface TokenGuard {
  readonly checkToken: TokenCheck;
  readonly findAuthorizer: FindAuthorizer;
}

/** The checks of a proxy without customer tokens: a client key allows all events, except those that would merge another person. */
export const WITHOUT_TOKENS: TokenGuard = {
  checkToken: async () => NO_TOKENS,
  findAuthorizer: () => authorizeMerges,
};

/** Makes the checks of a proxy with customer tokens. Their code, most of which is cryptography, is loaded at the first request that needs it. */
export function createLazyVerifier(
  customerToken: TokenVerificationOptions,
  needs: VerifierNeeds,
): TokenGuard {
  const load = lazy(async () => {
    const { createAuthorizers, createVerifier } = await import('./lazy-jose.ts');
    const checkToken = createVerifier(customerToken, needs);
    return {
      checkToken,
      findAuthorizer: createAuthorizers(
        customerToken.mode === 'required' ? 'required' : 'report',
        checkToken,
      ),
    };
  });
  return {
    checkToken: async (token) => (await load()).checkToken(token),
    findAuthorizer: async (token) => (await load()).findAuthorizer(token),
  };
}
