import type { Clock } from '../browser.ts';
import type { TokenHolder } from './held-token.ts';
import { createPendingRefresh, type PendingRefresh, type TokenState } from './token-state.ts';
import { askProvider, type ProviderAnswer } from './ask-provider.ts';
import type { CustomerTokenProvider, TokenErrorCode, TokenEvent, TokenReason } from './contract.ts';
import type { CustomerTokenSettings } from './customer-token-options.ts';
import type { ValidToken } from './validate-token.ts';

/** Gets the next token from the provider, for all who need it. */
export interface Refresh {
  start(of: TokenState, userId: string, reason: TokenReason): PendingRefresh;
  /** Towards the breaker. */
  count(of: TokenState, token?: string): void;
}

export interface RefreshNeeds {
  readonly clock: Clock;
  readonly options: CustomerTokenSettings;
  readonly provider?: CustomerTokenProvider | undefined;
  readonly holding: TokenHolder;
  error(code: TokenErrorCode, message: string, extra?: { cause?: unknown; retryAtMs?: number }): Error;
  /** Whether it is still this identity. */
  isCurrent(of: TokenState): boolean;
  /** Something has come of it. */
  settled(): void;
  /** What is known of the server's clock may be wrong. */
  doubtServerTime(): void;
}

/** What an answer means: done, to be asked once more, or an error. */
type Step = 'done' | 'again' | Error;

interface Asked {
  readonly of: TokenState;
  readonly userId: string;
  readonly reason: TokenReason;
}

export function createRefresh(needs: RefreshNeeds): Refresh {
  const { clock, options, provider, holding, error } = needs;
  const { tell, retryAt, judge } = holding;

  function fail(
    { of }: Asked,
    code: TokenErrorCode,
    type: TokenEvent['type'],
    message: string,
    extra: { cause?: unknown; atCap?: true } = {},
  ): Error {
    of.pauses.failed(extra.atCap);
    const retry = retryAt(of);
    const failure = error(code, message, { ...('cause' in extra && { cause: extra.cause }), ...retry });
    of.failure = failure;
    tell(of, { type, ...retry });
    return failure;
  }

  function install({ of }: Asked, { token, isSuspect }: ValidToken): void {
    holding.put(of, token, of.next === 'replacement');
    if (isSuspect) tell(of, { type: 'clock_suspect' });
    tell(of, { type: 'refreshed' });
  }

  function count(of: TokenState, token?: string): void {
    if (of.pauses.count(token)) tell(of, { type: 'blocked', ...retryAt(of) });
  }

  async function load(asked: Asked, flight: PendingRefresh): Promise<Error | undefined> {
    const { of, userId, reason } = asked;
    const anonymousId = of.identity.anonymousId ?? '';
    const { version } = of;
    for (let isSecond = false; provider; isSecond = true) {
      const forceRefresh = isSecond || reason !== 'initial';
      const answer = await askProvider({
        provider,
        request: { userId, anonymousId, reason, forceRefresh, attempt: ++of.asks },
        clock,
        timeoutMs: options.timeoutMs,
        over: flight.over,
        late(value) {
          if (!needs.isCurrent(of) || of.version !== version) return;
          const verdict = judge(of, userId, value);
          if (verdict.kind !== 'good' || verdict.isSuspect) return;
          install(asked, verdict);
          needs.settled();
        },
      });
      if (flight.over.aborted) return undefined;
      const step = read(asked, answer, isSecond);
      if (step === 'done') return undefined;
      if (step !== 'again') return step;
    }
    return undefined;
  }

  function read(asked: Asked, answer: ProviderAnswer, isSecond: boolean): Step {
    const { of, userId } = asked;
    if (answer.kind === 'timeout') {
      const message = `The customer token provider gave no answer within ${options.timeoutMs} ms`;
      return fail(asked, 'provider-timeout', 'provider_timeout', message);
    }
    if (answer.kind === 'failed') {
      const { cause } = answer;
      return fail(asked, 'provider-failed', 'provider_error', 'The customer token provider failed', {
        cause,
      });
    }
    const verdict = judge(of, userId, answer.value);
    switch (verdict.kind) {
      case 'good':
        if (verdict.isSuspect && !isSecond) return 'again';
        install(asked, verdict);
        return 'done';
      case 'none': {
        of.pauses.gaveNothing();
        const message = `The customer token provider returned no token for user "${userId}"; nothing was sent`;
        const failure = error('token-unavailable', message, retryAt(of));
        of.failure = failure;
        tell(of, { type: 'not_provided', ...retryAt(of) });
        return failure;
      }
      case 'malformed':
        return fail(asked, 'token-malformed', 'invalid', `The customer token is no good: ${verdict.why}`);
      case 'refused': {
        // Else a provider that has but this one token would be asked as often as the backoff allows.
        count(of);
        const message = 'The customer token provider returned the token that the proxy has refused';
        return fail(asked, 'provider-failed', 'provider_error', message);
      }
      case 'mismatch': {
        if (!isSecond) return 'again';
        const message = `The customer token is for "${verdict.subject}", not for user "${userId}"`;
        return fail(asked, 'subject-mismatch', 'subject_mismatch', message, { atCap: true });
      }
      case 'expired':
        if (!isSecond) return 'again';
        // Where a login has nothing but tokens that are over, its clock may have been set: the next one goes to the proxy, whose
        // answer tells the time.
        needs.doubtServerTime();
        return fail(asked, 'token-expired', 'expired', 'The customer token had expired when it came');
      default:
        return verdict satisfies never;
    }
  }

  return {
    start(of, userId, reason) {
      const flight = createPendingRefresh();
      // Before the provider is called: it may ask for a token itself.
      of.flight = flight;
      void load({ of, userId, reason }, flight).then((outcome) => {
        if (of.flight === flight) of.flight = undefined;
        flight.end(outcome);
        needs.settled();
      });
      return flight;
    },
    count,
  };
}
