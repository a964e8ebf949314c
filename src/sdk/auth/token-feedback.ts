import type { TokenRejection } from '../../protocol/wire.ts';
import type { Grant, TokenCache, TokenErrorFactory } from './contract.ts';
import type { Refresh } from './refresh.ts';
import type { RefreshSchedule } from './refresh-schedule.ts';
import type { TokenHolder } from './token-holder.ts';
import { refusalText, type TokenState } from './token-state.ts';

/** Applies the proxy's response to a private call to the token of that call. */
export type TokenFeedback = Pick<TokenCache, 'rejected' | 'rejectedAgain' | 'forbidden' | 'accepted'>;

export interface TokenFeedbackNeeds {
  readonly holder: TokenHolder;
  readonly refresh: Refresh;
  readonly schedule: RefreshSchedule;
  readonly error: TokenErrorFactory;
  /** The state of the present identity. */
  current(): TokenState;
  /** @throws `identity-changed` when the state is not the current one, `auth-disabled` after `close` */
  check(state: TokenState | undefined): void;
  /** A grant for the state: of the stored token, or of the next token. */
  get(state: TokenState, signal?: AbortSignal): Promise<Grant>;
}

export function createTokenFeedback(needs: TokenFeedbackNeeds): TokenFeedback {
  const { holder, refresh, schedule, error } = needs;

  /** @throws `identity-changed` when the grant is of an earlier epoch */
  function stateOf({ epoch }: Grant): TokenState {
    const state = needs.current();
    needs.check(epoch === state.epoch ? state : undefined);
    return state;
  }

  /** Records that the proxy has refused the token of this grant, and removes that token, unless another one has replaced it. */
  function drop(grant: Grant, path: string | undefined, reason: TokenRejection | undefined): TokenState {
    const state = stateOf(grant);
    state.refusedFor = reason;
    const { held } = state;
    state.backoff.refuse(grant.token);
    if (held?.reading.token !== grant.token) return state;
    state.held = undefined;
    state.reason = 'rejected';
    schedule.plan();
    if (held.purpose === 'replacement') refresh.countRejection(state, grant.token);
    holder.tell(state, {
      type: 'invalid',
      status: 401,
      ...(path && { path }),
      ...(reason && { reason }),
    });
    return state;
  }

  return {
    async rejected(grant, path, signal, reason) {
      const state = drop(grant, path, reason);
      if (!state.held) state.nextPurpose = 'replacement';
      return needs.get(state, signal);
    },
    rejectedAgain(grant, path, reason) {
      const state = drop(grant, path, reason);
      if (!state.pendingRefresh) state.nextPurpose = 'any';
      refresh.countRejection(state, grant.token);
      const retry = holder.retryAt(state);
      throw error('token-rejected', `The proxy has refused the customer token${refusalText(reason)}`, retry);
    },
    forbidden(grant, why = 'insufficient', path) {
      const state = stateOf(grant);
      holder.tell(state, { type: why, status: 403, ...(path && { path }) });
      const fault = why === 'insufficient' ? 'it lacks a scope' : 'it is for another user';
      throw error('forbidden', `The customer token does not allow this call: ${fault}`);
    },
    accepted({ epoch, token }) {
      const state = needs.current();
      if (epoch !== state.epoch) return;
      state.backoff.accepted();
      if (state.held?.reading.token === token) state.held = { ...state.held, purpose: 'any' };
    },
  };
}
