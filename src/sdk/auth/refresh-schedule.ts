import type { Clock } from '../browser.ts';
import type { CustomerTokenProvider } from './contract.ts';
import type { CustomerTokenSettings } from './customer-token-options.ts';
import type { Refresh } from './refresh.ts';
import { createRefreshTimer } from './refresh-timer.ts';
import type { ClockReading, ServerClock } from './server-clock.ts';
import type { TokenHolder } from './token-holder.ts';
import type { TokenState } from './token-state.ts';

/** Refreshes the token before a call needs it, as long as the page is in use. */
export interface RefreshSchedule {
  /** Sets the timer again; to be called after each change of the state. */
  plan(): void;
  stop(): void;
  /** Announces the age of the token, and starts a refresh if none is pending and there is no backoff. */
  renew(): void;
  /** Records the time of a private call: the timer runs for `idleMs` after the last one. */
  recordCall(): void;
  /** Keeps the timer running for longer than `idleMs`, until the function that this returns is called. */
  subscribe(): () => void;
}

export interface RefreshScheduleNeeds {
  readonly clock: Clock;
  readonly serverClock: ServerClock;
  readonly options: CustomerTokenSettings;
  readonly provider?: CustomerTokenProvider | undefined;
  readonly holder: TokenHolder;
  readonly refresh: Refresh;
  /** Whether the page is visible and online. */
  isAwake(): boolean;
  isOpen(): boolean;
  /** The state of the present identity. */
  current(): TokenState;
}

export function createRefreshSchedule(needs: RefreshScheduleNeeds): RefreshSchedule {
  const { clock, serverClock, options, provider, holder, refresh } = needs;
  const refreshTimer = createRefreshTimer({ clock, clampMs: options.timerClampMs, dueInMs, run: renew });
  let lastCall: ClockReading | undefined;
  let subscribers = 0;

  /** Milliseconds until the next token is requested without a call that needs it; undefined where only a call may request one. */
  function dueInMs(): number | undefined {
    const { held, pendingRefresh, identity, backoff, reason, attempts, announced } = needs.current();
    if (!needs.isOpen() || identity.userId === null || pendingRefresh || !needs.isAwake()) return undefined;
    const pause = backoff.current();
    if (pause?.kind === 'none') return undefined;
    let inMs = pause?.leftMs ?? 0;
    if (held) {
      if (!provider && announced !== 'nothing') return undefined;
      // Tokens with a very short lifetime are requested no more often than every `backoffBaseMs`.
      const restMs = options.backoffBaseMs - serverClock.sinceMs(held.receivedAt);
      inMs = Math.max(inMs, restMs, holder.leftMs(held) - held.aheadMs);
    } else if (!provider || reason !== 'identify' || attempts > 0) return undefined;
    const isActive = subscribers > 0 || (lastCall && serverClock.sinceMs(lastCall) + inMs <= options.idleMs);
    return isActive ? inMs : undefined;
  }

  function renew(): void {
    const state = needs.current();
    const { held, identity, reason } = state;
    if (identity.userId === null) return;
    holder.announce(state);
    // A listener of the event may have changed the identity or closed the SDK. A token of the person before must not reach the next.
    if (state !== needs.current() || !needs.isOpen()) return;
    if (provider && !state.pendingRefresh && !state.backoff.current())
      refresh.start(state, identity.userId, held ? holder.ageOf(held) : reason);
  }

  return {
    plan: refreshTimer.plan,
    stop: refreshTimer.stop,
    renew,
    recordCall: () => void (lastCall = serverClock.stamp()),
    subscribe() {
      let unsubscribe: (() => void) | undefined = () => {
        unsubscribe = undefined;
        subscribers--;
        refreshTimer.plan();
      };
      subscribers++;
      refreshTimer.plan();
      return () => unsubscribe?.();
    },
  };
}
