import { abortReason } from './abort-reason.ts';
import type { Clock } from '../browser.ts';
import { createTokenHolder } from './token-holder.ts';
import { createTokenState, type HeldToken, type PendingRefresh, type TokenState } from './token-state.ts';
import { createRefresh } from './refresh.ts';
import { createRefreshSchedule } from './refresh-schedule.ts';
import { createProviderBackoff } from './provider-backoff.ts';
import type {
  CustomerTokenProvider,
  Grant,
  TokenCache,
  TokenErrorFactory,
  TokenEvent,
  TokenIdentity,
  TokenReason,
  TokenResult,
} from './contract.ts';
import type { CustomerTokenSettings } from './customer-token-options.ts';
import { createServerClock } from './server-clock.ts';
import { createSetToken } from './set-token.ts';
import { createTokenFeedback } from './token-feedback.ts';
import { createTokenStatus } from './token-status.ts';
import { withTimeout } from './with-timeout.ts';

export interface TokenCacheNeeds {
  readonly clock: Clock;
  /** Milliseconds since any moment; never decreases. */
  monotonicMs(): number;
  /** 0 or more, below 1. */
  random(): number;
  /** Whether the page is visible and online. */
  isAwake(): boolean;
  /** Without a provider, tokens come from `identity` and `set` alone. */
  readonly provider?: CustomerTokenProvider | undefined;
  readonly options: CustomerTokenSettings;
  readonly identity: TokenIdentity;
  /** The reason that the provider is given for the first token. @default 'initial' */
  readonly reason?: TokenReason;
  readonly error: TokenErrorFactory;
  tell(event: TokenEvent): void;
  warn(message: string): void;
}

/**
 * Composes the cache: `token-holder.ts` has the token, `refresh.ts` calls the provider, `refresh-schedule.ts` calls it in time,
 * `set-token.ts` takes tokens of the application, `token-feedback.ts` takes the proxy's responses, `token-status.ts` describes the
 * state.
 */
export function createTokenCache(needs: TokenCacheNeeds): TokenCache {
  const { clock, error, isAwake, monotonicMs, options, provider, random, tell, warn } = needs;
  const serverClock = createServerClock({ clock, monotonicMs, stepMs: options.clockStepMs });
  let current = newState(needs.identity, 0, needs.reason ?? 'initial');
  let phase: 'open' | 'closed' = 'open';

  const currentState = (): TokenState => current;
  const isOpen = (): boolean => phase === 'open';
  const holder = createTokenHolder({ clock, serverClock, options, random, tell, warn });
  const refresh = createRefresh({
    clock,
    options,
    provider,
    holder,
    error,
    isCurrent: (state) => state === current && isOpen(),
    settled: () => schedule.plan(),
    forgetServerTime: serverClock.forget,
  });
  const schedule = createRefreshSchedule({
    clock,
    serverClock,
    options,
    provider,
    holder,
    refresh,
    isAwake,
    isOpen,
    current: currentState,
  });
  const tokenStatus = createTokenStatus({ clock, provider, holder, error });
  const setToken = createSetToken({ holder, schedule, error });
  const feedback = createTokenFeedback({
    holder,
    refresh,
    schedule,
    error,
    current: currentState,
    check,
    get,
  });

  function newState(identity: TokenIdentity, epoch: number, reason: TokenReason): TokenState {
    const backoff = createProviderBackoff({ serverClock, limits: options, random });
    return createTokenState(epoch, identity, backoff, reason);
  }

  const changed = (): Error => error('identity-changed', 'The person has changed since this call was made');
  const closed = (): Error => error('auth-disabled', 'The SDK is closed, or consent was withdrawn');

  function check(state: TokenState | undefined): void {
    if (phase === 'closed') throw closed();
    if (state !== current) throw changed();
  }

  const grantOf = ({ epoch }: TokenState, userId: string, { reading }: HeldToken): Grant => ({
    token: reading.token,
    epoch,
    userId,
  });

  const wait = (pendingRefresh: PendingRefresh, signal?: AbortSignal): Promise<Error | undefined> =>
    withTimeout(pendingRefresh.done, {
      clock,
      waitMs: options.waitMs,
      signal,
      timeoutError: () =>
        error(
          'provider-timeout',
          `There was no customer token within ${options.waitMs} ms (waitMs). Is the login server slow?`,
        ),
    });

  async function get(state: TokenState, signal?: AbortSignal): Promise<Grant> {
    const { userId } = state.identity;
    check(state);
    if (userId === null) throw error('anonymous', 'Nobody is identified. Call identify first');
    holder.announce(state);
    if (holder.isUsable(state.held)) {
      const { held } = state;
      if (holder.isDue(held)) schedule.renew();
      else schedule.plan();
      // The provider and the listeners have been called above: they may have changed the identity or closed the SDK.
      check(state);
      return grantOf(state, userId, held);
    }
    const failure = tokenStatus.unavailable(state);
    if (failure) throw failure;
    const pendingRefresh =
      state.pendingRefresh ?? refresh.start(state, userId, state.held ? 'expired' : state.reason);
    const outcome = await wait(pendingRefresh, signal);
    check(state);
    if (holder.isUsable(state.held)) return grantOf(state, userId, state.held);
    throw outcome ?? error('token-expired', 'The customer token expired before it could be used');
  }

  function set(token: TokenResult | null): void {
    if (phase === 'open') setToken(current, token);
  }

  function discard(state: TokenState, cause: Error): void {
    const { pendingRefresh } = state;
    state.held = state.pendingRefresh = undefined;
    pendingRefresh?.cancel(cause);
  }

  return {
    ...feedback,
    identity(identity, pushed) {
      const before = current;
      const isSame =
        identity.userId === before.identity.userId && identity.anonymousId === before.identity.anonymousId;
      if (isSame) {
        if (pushed !== undefined) set(pushed);
        return false;
      }
      const hadToken = before.held !== undefined;
      const after = newState(identity, before.epoch + 1, 'identify');
      current = after;
      discard(before, changed());
      schedule.plan();
      if (hadToken) holder.tell(before, { type: 'cleared' });
      // A listener of the event above may have changed the identity again.
      if (pushed !== undefined && pushed !== null && after === current) set(pushed);
      return true;
    },
    epoch: () => current.epoch,
    set,
    async refresh() {
      const state = current;
      const { userId } = state.identity;
      if (phase === 'closed' || !provider || userId === null) return tokenStatus.statusOf(current);
      state.backoff.clearFailures();
      const pendingRefresh =
        state.pendingRefresh ??
        (state.backoff.current() ? undefined : refresh.start(state, userId, 'manual'));
      // An error is not thrown: the status shows the failure.
      if (pendingRefresh) await wait(pendingRefresh).catch(() => undefined);
      return tokenStatus.statusOf(current);
    },
    status: () => tokenStatus.statusOf(current),
    async acquire(signal) {
      if (signal?.aborted) throw abortReason(signal);
      schedule.recordCall();
      return get(current, signal);
    },
    serverTime(sample) {
      serverClock.learn(sample);
      holder.correct(current);
      schedule.plan();
    },
    subscribe: schedule.subscribe,
    wake() {
      holder.announce(current);
      schedule.plan();
    },
    close() {
      if (phase === 'closed') return;
      phase = 'closed';
      schedule.stop();
      discard(current, closed());
    },
  };
}
