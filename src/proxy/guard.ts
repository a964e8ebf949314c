import { type Refusal, refuseToken } from './answer.ts';
import type { FetchLike } from './forward.ts';
import { lazy } from './lazy.ts';
import { type FindJudge, judgeMerges } from './persons.ts';
import type { TokenCheck } from './token-check.ts';
import type { CustomerTokenOptions } from './token-options.ts';

export const NO_TOKENS: Refusal = refuseToken(
  'Customer tokens are not configured on this proxy: send the client key as Basic.',
);

/** Who may say what. */
export interface Guard {
  readonly checkToken: TokenCheck;
  readonly findJudge: FindJudge;
}

/** Where there are no tokens, whoever has a client key may say everything that deletes nobody. */
export const WITHOUT_TOKENS: Guard = {
  checkToken: async () => NO_TOKENS,
  findJudge: () => judgeMerges,
};

/** A guard whose code, most of which is cryptography, is loaded for the first request that needs it. */
export function createGuard(customerToken: CustomerTokenOptions, fetch: FetchLike): Guard {
  const load = lazy(async () => {
    const { createJudges, createVerifier } = await import('./tokens.ts');
    const checkToken = createVerifier(customerToken, fetch);
    return {
      checkToken,
      findJudge: createJudges(customerToken.mode === 'required' ? 'required' : 'report', checkToken),
    };
  });
  return {
    checkToken: async (token) => (await load()).checkToken(token),
    findJudge: async (token) => (await load()).findJudge(token),
  };
}
