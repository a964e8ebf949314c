import type { Clock } from '../browser.ts';
import type { TokenHolder } from './token-holder.ts';
import { createPendingRefresh, type PendingRefresh, type TokenState } from './token-state.ts';
import { askProvider, type ProviderAnswer } from './ask-provider.ts';
import type {
  CustomerTokenProvider,
  TokenErrorCode,
  TokenErrorFactory,
  TokenEvent,
  TokenReason,
} from './contract.ts';
import type { CustomerTokenSettings } from './customer-token-options.ts';
import type { ValidToken } from './validate-token.ts';

/** Requests the next token from the provider. */
export interface Refresh {
  /** Starts a refresh, and stores it as the pending one of the state. The caller has checked that none is pending. */
  start(state: TokenState, userId: string, reason: TokenReason): PendingRefresh;
  /**
   * Counts a refused token for the circuit breaker, which blocks private calls after `breakerRejections` of them.
   * @param token counts once, however often the proxy refuses it. Without it, each call counts
   */
  countRejection(state: TokenState, token?: string): void;
}

export interface RefreshNeeds {
  readonly clock: Clock;
  readonly options: CustomerTokenSettings;
  readonly provider?: CustomerTokenProvider | undefined;
  readonly holder: TokenHolder;
  readonly error: TokenErrorFactory;
  /** Whether the state is of the present identity, and the cache is open. */
  isCurrent(state: TokenState): boolean;
  /** Called when a refresh has ended, and when a late token has been stored. */
  settled(): void;
  /** Makes the server's time unknown until the proxy's next response. */
  forgetServerTime(): void;
}

/** The result of one call of the provider: `done`, `retry` (call the provider a second time), or the error of the refresh. */
type Step = 'done' | 'retry' | Error;

interface RefreshRequest {
  readonly state: TokenState;
  readonly userId: string;
  readonly reason: TokenReason;
}

const PROVIDER = 'The customer token provider';

export function createRefresh(needs: RefreshNeeds): Refresh {
  const { clock, options, provider, holder, error } = needs;

  function fail(
    { state }: RefreshRequest,
    code: TokenErrorCode,
    type: TokenEvent['type'],
    message: string,
    extra: { cause?: unknown; atCap?: true } = {},
  ): Error {
    state.backoff.failed(extra.atCap);
    const retry = holder.retryAt(state);
    const failure = error(code, message, { ...('cause' in extra && { cause: extra.cause }), ...retry });
    state.lastFailure = failure;
    holder.tell(state, { type, ...retry });
    return failure;
  }

  function install({ state }: RefreshRequest, { token, isSuspect }: ValidToken): void {
    holder.put(state, token, state.nextPurpose);
    if (isSuspect) holder.tell(state, { type: 'clock_suspect' });
    holder.tell(state, { type: 'refreshed' });
  }

  function countRejection(state: TokenState, token?: string): void {
    if (state.backoff.countRejection(token))
      holder.tell(state, { type: 'blocked', ...holder.retryAt(state) });
  }

  async function run(request: RefreshRequest, pendingRefresh: PendingRefresh): Promise<Error | undefined> {
    const { state, userId, reason } = request;
    const anonymousId = state.identity.anonymousId ?? '';
    const { version } = state;
    for (let isSecond = false; provider; isSecond = true) {
      const forceRefresh = isSecond || reason !== 'initial';
      const answer = await askProvider({
        provider,
        request: { userId, anonymousId, reason, forceRefresh, attempt: ++state.attempts },
        clock,
        timeoutMs: options.timeoutMs,
        cancelled: pendingRefresh.signal,
        late(value) {
          if (!needs.isCurrent(state) || state.version !== version) return;
          const validity = holder.validate(state, userId, value);
          if (validity.kind !== 'good' || validity.isSuspect) return;
          install(request, validity);
          needs.settled();
        },
      });
      if (pendingRefresh.signal.aborted) return undefined;
      const step = evaluate(request, answer, isSecond);
      if (step === 'done') return undefined;
      if (step !== 'retry') return step;
    }
    return undefined;
  }

  /** Stores the token that the provider has returned, or records the failure. */
  function evaluate(request: RefreshRequest, answer: ProviderAnswer, isSecond: boolean): Step {
    const { state, userId } = request;
    if (answer.kind === 'timeout') {
      const message = `${PROVIDER} took longer than ${options.timeoutMs} ms (timeoutMs). Is the login server slow?`;
      return fail(request, 'provider-timeout', 'provider_timeout', message);
    }
    if (answer.kind === 'failed') {
      const { cause } = answer;
      const message = `${PROVIDER} threw or rejected: see the cause of this error`;
      return fail(request, 'provider-failed', 'provider_error', message, { cause });
    }
    const validity = holder.validate(state, userId, answer.value);
    if (validity.kind === 'good') {
      if (validity.isSuspect && !isSecond) return 'retry';
      install(request, validity);
      return 'done';
    }
    if (validity.kind === 'none') {
      state.backoff.returnedNone();
      const message = `${PROVIDER} returned no token for user "${userId}", so nothing was sent. Is this person signed in? Does the provider return a text or { token }?`;
      const failure = error('token-unavailable', message, holder.retryAt(state));
      state.lastFailure = failure;
      holder.tell(state, { type: 'not_provided', ...holder.retryAt(state) });
      return failure;
    }
    const message = `${PROVIDER} returned an unusable token: ${validity.why}`;
    switch (validity.kind) {
      case 'malformed':
        return fail(request, 'token-malformed', 'invalid', message);
      case 'refused':
        // A provider that has only this one token would otherwise be called as often as the backoff allows.
        countRejection(state);
        return fail(request, 'provider-failed', 'provider_error', message);
      case 'subject_mismatch':
        if (!isSecond) return 'retry';
        return fail(request, 'subject-mismatch', 'subject_mismatch', message, { atCap: true });
      case 'expired':
        if (!isSecond) return 'retry';
        // Two expired tokens in a row may mean that the known server time is wrong. Without it, the next token is sent to the proxy
        // as suspect, and the proxy's response has the server's time.
        needs.forgetServerTime();
        return fail(request, 'token-expired', 'expired', message);
      default:
        return validity satisfies never;
    }
  }

  return {
    start(state, userId, reason) {
      const pendingRefresh = createPendingRefresh();
      // Stored before the provider is called, because the provider itself may make a call that needs a token.
      state.pendingRefresh = pendingRefresh;
      void run({ state, userId, reason }, pendingRefresh).then((outcome) => {
        if (state.pendingRefresh === pendingRefresh) state.pendingRefresh = undefined;
        pendingRefresh.end(outcome);
        needs.settled();
      });
      return pendingRefresh;
    },
    countRejection,
  };
}
