import { abortReason } from './abort-reason.ts';
import type { Clock } from '../browser.ts';
import { createTokenHolder } from './held-token.ts';
import { createTokenState, type PendingRefresh, type HeldToken, type TokenState } from './token-state.ts';
import { createRefresh } from './refresh.ts';
import { createProviderBackoff } from './provider-backoff.ts';
import { createRefreshTimer } from './refresh-timer.ts';
import type {
  CustomerTokenProvider,
  Grant,
  TokenIdentity,
  TokenErrorCode,
  TokenEvent,
  TokenCache,
  TokenReason,
  TokenResult,
  TokenStatus,
} from './contract.ts';
import type { CustomerTokenSettings } from './customer-token-options.ts';
import { createServerClock } from './server-clock.ts';
import { withTimeout } from './with-timeout.ts';

export interface TokenCacheNeeds {
  readonly clock: Clock;
  /** Milliseconds from any start; never goes back. */
  monotonicMs(): number;
  /** 0 or more, below 1. */
  random(): number;
  /** Visible and online. */
  isAwake(): boolean;
  /** Without one, tokens come by `identity` and `set` alone. */
  readonly provider?: CustomerTokenProvider | undefined;
  readonly options: CustomerTokenSettings;
  readonly identity: TokenIdentity;
  /** For which its first token is asked for. @default 'initial' */
  readonly reason?: TokenReason;
  error(code: TokenErrorCode, message: string, extra?: { cause?: unknown; retryAtMs?: number }): Error;
  tell(event: TokenEvent): void;
  warn(message: string): void;
}

export function createTokenCache(needs: TokenCacheNeeds): TokenCache {
  const { clock, options, provider, error } = needs;
  const time = createServerClock({ ...needs, stepMs: options.clockStepMs });
  const renewal = createRefreshTimer({ clock, clampMs: options.timerClampMs, dueInMs, run: renew });
  let life = begin(needs.identity, 0, needs.reason ?? 'initial');
  let lastCall = undefined as ReturnType<typeof time.stamp> | undefined;
  let subscribers = 0;
  let state: 'open' | 'closed' = 'open';

  const holding = createTokenHolder({ ...needs, time });
  const { leftMs, isUsable, isDue, announce, tell, warn, retryAt } = holding;
  const { start, count } = createRefresh({
    ...needs,
    holding,
    isCurrent: (of) => of === life && state === 'open',
    settled: () => renewal.plan(),
    doubtServerTime: time.doubt,
  });

  function begin(identity: TokenIdentity, epoch: number, reason: TokenReason): TokenState {
    return createTokenState(
      epoch,
      identity,
      createProviderBackoff({ time, limits: options, random: needs.random }),
      reason,
    );
  }

  const changed = (): Error => error('identity-changed', 'The person has changed since this call was made');
  const closed = (): Error => error('auth-disabled', 'The customer token has been closed');

  function check(of: TokenState | undefined): void {
    if (state === 'closed') throw closed();
    if (of !== life) throw changed();
  }

  /** When the next token is to be asked for without a call that needs it. */
  function dueInMs(): number | undefined {
    const { held, flight, identity, pauses, reason, asks } = life;
    if (state === 'closed' || identity.userId === null || flight || !needs.isAwake()) return undefined;
    const pause = pauses.current();
    if (pause?.kind === 'none') return undefined;
    let inMs = pause?.leftMs ?? 0;
    if (held) {
      if (!provider && life.told !== 'nothing') return undefined;
      // However short tokens last, there is a second between two.
      const restMs = options.backoffBaseMs - time.sinceMs(held.receivedAt);
      inMs = Math.max(inMs, restMs, leftMs(held) - held.aheadMs);
    } else if (!provider || reason !== 'identify' || asks > 0) return undefined;
    const isActive = subscribers > 0 || (lastCall && time.sinceMs(lastCall) + inMs <= options.idleMs);
    return isActive ? inMs : undefined;
  }

  function renew(): void {
    const { held, identity, reason } = life;
    if (identity.userId === null) return;
    announce(life);
    if (provider && !life.flight && !life.pauses.current())
      start(life, identity.userId, held ? holding.ageOf(held) : reason);
  }

  function unavailable(of: TokenState): Error | undefined {
    const { held, reason, pauses, failure: cause } = of;
    const pause = pauses.current();
    const retry = retryAt(of);
    switch (pause?.kind) {
      case 'none':
        return error('token-unavailable', 'There was no customer token a moment ago', retry);
      case 'blocked':
        return error('token-blocked', 'The proxy refuses the customer tokens of this provider', retry);
      case 'backoff':
        return error('provider-backoff', 'The customer token provider failed a moment ago', {
          cause,
          ...retry,
        });
      case undefined:
        if (provider) return undefined;
        if (held) return error('token-expired', 'The customer token has expired, and there is no provider');
        if (reason === 'rejected') return error('token-rejected', 'The proxy has refused the customer token');
        return error('auth-disabled', 'There is neither a customer token nor a provider of one');
    }
  }

  const grant = (of: TokenState, userId: string, { reading }: HeldToken): Grant => ({
    token: reading.token,
    epoch: of.epoch,
    userId,
  });

  const wait = (flight: PendingRefresh, signal?: AbortSignal): Promise<Error | undefined> =>
    withTimeout(flight.done, {
      clock,
      waitMs: options.waitMs,
      signal,
      tooLate: () => error('provider-timeout', `There was no customer token within ${options.waitMs} ms`),
    });

  async function get(of: TokenState, signal?: AbortSignal): Promise<Grant> {
    const { userId } = of.identity;
    check(of);
    if (userId === null) throw error('anonymous', 'Nobody has been identified: there is no customer token');
    announce(of);
    if (isUsable(of.held)) {
      const { held } = of;
      if (isDue(held)) renew();
      else renewal.plan();
      // The provider and the listeners are called by now, and may do what they like.
      check(of);
      return grant(of, userId, held);
    }
    const refusal = unavailable(of);
    if (refusal) throw refusal;
    const flight = of.flight ?? start(of, userId, of.held ? 'expired' : of.reason);
    const outcome = await wait(flight, signal);
    check(of);
    if (isUsable(of.held)) return grant(of, userId, of.held);
    throw outcome ?? error('token-expired', 'The customer token expired before it could be used');
  }

  function set(given: TokenResult | null): void {
    const of = life;
    const { userId } = of.identity;
    if (state === 'closed') return;
    if (userId === null) {
      if (given !== null) warn('A customer token was set while nobody is identified; it is not kept');
      return;
    }
    const verdict = holding.judge(of, userId, given);
    const { flight } = of;
    switch (verdict.kind) {
      case 'good':
        of.pauses.lift();
        holding.put(of, verdict.token, false);
        of.flight = undefined;
        flight?.cancel(undefined);
        renewal.plan();
        if (verdict.isSuspect) tell(of, { type: 'clock_suspect' });
        return tell(of, { type: 'refreshed' });
      case 'none':
        of.held = of.flight = undefined;
        of.reason = 'manual';
        of.version++;
        of.pauses.insist();
        flight?.cancel(error('token-unavailable', 'The customer token has been cleared'));
        renewal.plan();
        return tell(of, { type: 'cleared' });
      case 'malformed':
        warn(`The customer token is no good and is not used: ${verdict.why}`);
        return tell(of, { type: 'invalid' });
      case 'refused':
        warn('The customer token was refused by the proxy before and is not used');
        return tell(of, { type: 'invalid' });
      case 'mismatch':
        warn(`The customer token is for "${verdict.subject}", not for user "${userId}", and is not used`);
        return tell(of, { type: 'subject_mismatch' });
      case 'expired':
        warn('The customer token has already expired and is not used');
        return tell(of, { type: 'expired' });
      default:
        return verdict satisfies never;
    }
  }

  /** The proxy has refused the token of this grant. Compared first: another may be in hand by now. */
  function drop(grant: Grant, path: string | undefined): TokenState {
    const of = lifeOf(grant);
    const { held } = of;
    of.pauses.refuse(grant.token);
    if (held?.reading.token !== grant.token) return of;
    of.held = undefined;
    of.reason = 'rejected';
    renewal.plan();
    if (held.isReplacement) count(of, grant.token);
    tell(of, { type: 'invalid', status: 401, ...(path !== undefined && { path }) });
    return of;
  }

  function lifeOf({ epoch }: Grant): TokenState {
    check(epoch === life.epoch ? life : undefined);
    return life;
  }

  function end(of: TokenState, cause: Error): void {
    const { flight } = of;
    of.held = of.flight = undefined;
    flight?.cancel(cause);
  }

  function status(): TokenStatus {
    const { held, flight, identity, pauses } = life;
    const { userId } = identity;
    if (userId === null) return { state: 'anonymous', userId };
    const pause = pauses.current();
    const known = {
      userId,
      ...(held && { expiresAtMs: clock.now() + leftMs(held) }),
      ...(held?.subject !== undefined && { subject: held.subject }),
      ...retryAt(life),
    };
    if (isUsable(held)) return { state: isDue(held) ? 'due' : 'usable', ...known };
    if (flight) return { state: 'refreshing', ...known };
    if (pause) return { state: pause.kind, ...known };
    return { state: held ? 'expired' : 'none', ...known };
  }

  return {
    identity(now, pushed) {
      const before = life;
      const isSame = now.userId === before.identity.userId && now.anonymousId === before.identity.anonymousId;
      if (isSame) {
        if (pushed !== undefined) set(pushed);
        return false;
      }
      const had = before.held;
      life = begin(now, before.epoch + 1, 'identify');
      const after = life;
      end(before, changed());
      renewal.plan();
      if (had) tell(before, { type: 'cleared' });
      // A listener may have changed it once more.
      if (pushed !== undefined && pushed !== null && after === life) set(pushed);
      return true;
    },
    epoch: () => life.epoch,
    set,
    async refresh() {
      const of = life;
      const { userId } = of.identity;
      if (state === 'closed' || !provider || userId === null) return status();
      of.pauses.insist();
      const flight = of.flight ?? (of.pauses.current() ? undefined : start(of, userId, 'manual'));
      // What went wrong is in the status.
      if (flight) await wait(flight).catch(() => undefined);
      return status();
    },
    status,
    async acquire(signal) {
      if (signal?.aborted) throw abortReason(signal);
      lastCall = time.stamp();
      return get(life, signal);
    },
    async rejected(grant, path, signal) {
      const of = drop(grant, path);
      if (!of.held) of.next = 'replacement';
      return get(of, signal);
    },
    rejectedAgain(grant, path) {
      const of = drop(grant, path);
      if (!of.flight) of.next = 'any';
      count(of, grant.token);
      const retry = retryAt(of);
      throw error('token-rejected', 'The proxy has refused a fresh customer token, too', retry);
    },
    forbidden(grant, why = 'insufficient', path) {
      const of = lifeOf(grant);
      tell(of, { type: why, status: 403, ...(path !== undefined && { path }) });
      throw error('forbidden', 'The proxy does not allow this call to the holder of this customer token');
    },
    accepted({ epoch, token }) {
      if (epoch !== life.epoch) return;
      life.pauses.accepted();
      if (life.held?.reading.token === token) life.held = { ...life.held, isReplacement: false };
    },
    serverTime(sample) {
      time.learn(sample);
      holding.correct(life);
      renewal.plan();
    },
    subscribe() {
      let stop: (() => void) | undefined = () => {
        stop = undefined;
        subscribers--;
        renewal.plan();
      };
      subscribers++;
      renewal.plan();
      return () => stop?.();
    },
    wake() {
      announce(life);
      renewal.plan();
    },
    close() {
      if (state === 'closed') return;
      state = 'closed';
      renewal.stop();
      end(life, closed());
    },
  };
}
