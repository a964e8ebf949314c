import { type Refusal, refuseToken } from '../http/response.ts';
import type { FetchLike } from '../upstream/send-batch.ts';
import { lazy } from '../lib/lazy.ts';
import { type FindAuthorizer, authorizeMerges } from './authorize-events.ts';
import type { TokenCheck } from './contract.ts';
import type { TokenVerificationOptions } from './token-options.ts';

export const NO_TOKENS: Refusal = refuseToken(
  'Customer tokens are not configured on this proxy: send the client key as Basic.',
);

/** Who may say what. */
export interface TokenGuard {
  readonly checkToken: TokenCheck;
  readonly findJudge: FindAuthorizer;
}

/** Where there are no tokens, whoever has a client key may say everything that deletes nobody. */
export const WITHOUT_TOKENS: TokenGuard = {
  checkToken: async () => NO_TOKENS,
  findJudge: () => authorizeMerges,
};

/** A guard whose code, most of which is cryptography, is loaded for the first request that needs it. */
export function createLazyVerifier(customerToken: TokenVerificationOptions, fetch: FetchLike): TokenGuard {
  const load = lazy(async () => {
    const { createAuthorizers, createVerifier } = await import('./lazy-jose.ts');
    const checkToken = createVerifier(customerToken, fetch);
    return {
      checkToken,
      findJudge: createAuthorizers(customerToken.mode === 'required' ? 'required' : 'report', checkToken),
    };
  });
  return {
    checkToken: async (token) => (await load()).checkToken(token),
    findJudge: async (token) => (await load()).findJudge(token),
  };
}
