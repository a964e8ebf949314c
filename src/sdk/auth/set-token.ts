import type { TokenErrorFactory, TokenResult } from './contract.ts';
import type { RefreshSchedule } from './refresh-schedule.ts';
import type { TokenHolder } from './token-holder.ts';
import type { TokenState } from './token-state.ts';

export interface SetTokenNeeds {
  readonly holder: TokenHolder;
  readonly schedule: RefreshSchedule;
  readonly error: TokenErrorFactory;
}

const IGNORED = 'The customer token is ignored: ';

/**
 * Stores a token that the application sets, and cancels a pending refresh: the token of the application takes
 * precedence. `null` clears the token. A token that is not valid is reported and not stored.
 */
export function createSetToken({
  holder,
  schedule,
  error,
}: SetTokenNeeds): (state: TokenState, value: TokenResult | null) => void {
  return (state, value) => {
    const { userId } = state.identity;
    if (userId === null) {
      if (value !== null) holder.warn(`${IGNORED}nobody is identified. Call identify first`);
      return;
    }
    const validity = holder.validate(state, userId, value);
    const { pendingRefresh } = state;
    switch (validity.kind) {
      case 'good':
        state.backoff.clearAll();
        holder.put(state, validity.token, 'any');
        state.pendingRefresh = undefined;
        pendingRefresh?.cancel(undefined);
        schedule.plan();
        if (validity.isSuspect) holder.tell(state, { type: 'clock_suspect' });
        return holder.tell(state, { type: 'refreshed' });
      case 'none':
        state.held = state.pendingRefresh = undefined;
        state.reason = 'manual';
        state.version++;
        state.backoff.clearFailures();
        pendingRefresh?.cancel(
          error('token-unavailable', 'The customer token was removed by setCustomerToken(null)'),
        );
        schedule.plan();
        return holder.tell(state, { type: 'cleared' });
      default: {
        const { kind, why } = validity;
        holder.warn(IGNORED + why);
        return holder.tell(state, { type: kind === 'malformed' || kind === 'refused' ? 'invalid' : kind });
      }
    }
  };
}
