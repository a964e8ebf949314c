import type { Clock } from '../browser.ts';
import type { CustomerTokenProvider, TokenErrorFactory, TokenStatus } from './contract.ts';
import type { TokenHolder } from './token-holder.ts';
import { refusalText, type TokenState } from './token-state.ts';

/** Describes a state: for the application, and as the error of a call that cannot get a token. */
export interface TokenStatusReader {
  statusOf(state: TokenState): TokenStatus;
  /** Why no token can be requested now; undefined if the provider may be called. Assumes that no usable token is stored. */
  unavailable(state: TokenState): Error | undefined;
}

export interface TokenStatusNeeds {
  readonly clock: Clock;
  readonly provider?: CustomerTokenProvider | undefined;
  readonly holder: TokenHolder;
  readonly error: TokenErrorFactory;
}

export function createTokenStatus({ clock, provider, holder, error }: TokenStatusNeeds): TokenStatusReader {
  return {
    statusOf(state) {
      const { held, pendingRefresh, identity, backoff, refusedFor } = state;
      const { userId } = identity;
      if (userId === null) return { state: 'anonymous', userId };
      const pause = backoff.current();
      const details = {
        userId,
        ...(held && { expiresAtMs: clock.now() + holder.leftMs(held) }),
        ...(held?.subject !== undefined && { subject: held.subject }),
        ...(!held && state.reason === 'rejected' && refusedFor && { reason: refusedFor }),
        ...holder.retryAt(state),
      };
      if (holder.isUsable(held)) return { state: holder.isDue(held) ? 'due' : 'usable', ...details };
      if (pendingRefresh) return { state: 'refreshing', ...details };
      if (pause) return { state: pause.kind, ...details };
      return { state: held ? 'expired' : 'none', ...details };
    },
    unavailable(state) {
      const { held, reason, backoff, lastFailure: cause, refusedFor } = state;
      const pause = backoff.current();
      const retry = holder.retryAt(state);
      switch (pause?.kind) {
        case 'none':
          return error(
            'token-unavailable',
            'The customer token provider returned no token a moment ago. It is called again after retryAtMs',
            retry,
          );
        case 'blocked':
          return error(
            'token-blocked',
            `The proxy has refused several customer tokens in a row${refusalText(refusedFor)}`,
            retry,
          );
        case 'backoff':
          return error(
            'provider-backoff',
            'The customer token provider failed a moment ago: see the cause. It is called again after retryAtMs',
            {
              cause,
              ...retry,
            },
          );
        case undefined:
          if (provider) return undefined;
          if (held) return error('token-expired', 'The customer token has expired, and there is no provider');
          if (reason === 'rejected')
            return error(
              'token-rejected',
              `The proxy has refused the customer token${refusalText(refusedFor)}`,
            );
          return error('auth-disabled', 'There is no customer token: set the option customerToken');
      }
    },
  };
}
