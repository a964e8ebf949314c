import type { Clock } from '../browser.ts';
import { type HeldToken, refusalText, type TokenPurpose, type TokenState } from './token-state.ts';
import { refreshMarginsOf } from './token-ttl.ts';
import type { TokenEvent } from './contract.ts';
import type { CustomerTokenSettings } from './customer-token-options.ts';
import type { ServerClock } from './server-clock.ts';
import { validateToken, type UsableToken, type TokenValidity } from './validate-token.ts';

/** Validates and stores the token of a state, computes its age, and emits the events about it. */
export interface TokenHolder {
  validate(state: TokenState, userId: string, value: unknown): TokenValidity;
  /** Stores a valid token, and resets the fields of the state about the previous token. */
  put(state: TokenState, token: UsableToken, purpose: TokenPurpose): void;
  /**
   * Computes the lifetime of the stored token again, after a response has made the estimate of the server's clock possible or
   * better.
   */
  correct(state: TokenState): void;
  /** Milliseconds until the token expires; negative when it has expired. */
  leftMs(held: HeldToken): number;
  /** Whether a private call may still use the token: it does not expire within its `hardMs`. */
  isUsable(held: HeldToken | undefined): held is HeldToken;
  /** Whether the token expires within its `aheadMs`, so that the next one is requested. */
  isDue(held: HeldToken): boolean;
  ageOf(held: HeldToken): 'due' | 'expired';
  /** Emits, once for each token, that it expires soon, that it has expired, and that the wall clock was set back. */
  announce(state: TokenState): void;
  /** `retryAtMs`: when the backoff ends, by the browser's wall clock. Empty if there is no backoff. */
  retryAt(state: TokenState): { retryAtMs?: number };
  /** Emits an event of the state's person. Never throws. */
  tell(state: TokenState, event: Omit<TokenEvent, 'userId'>): void;
  /** Never throws. */
  warn(message: string): void;
}

export interface TokenHolderNeeds {
  readonly clock: Clock;
  readonly serverClock: ServerClock;
  readonly options: CustomerTokenSettings;
  random(): number;
  tell(event: TokenEvent): void;
  warn(message: string): void;
}

// The header `Date` has whole seconds, so a time that is computed from it can be wrong by up to one. Two of them differ by up to two.
const IMPRECISION_MS = 2_000;

export function createTokenHolder(needs: TokenHolderNeeds): TokenHolder {
  const { clock, serverClock, options, random } = needs;

  function warn(message: string): void {
    try {
      needs.warn(message);
    } catch {
      // An error of the warning itself cannot be reported anywhere.
    }
  }

  function tell(state: TokenState, event: Omit<TokenEvent, 'userId'>): void {
    try {
      needs.tell({ ...event, userId: state.identity.userId });
    } catch {
      warn('A listener of the event "token" threw an error');
    }
  }

  const leftMs = (held: HeldToken): number => held.lifetimeMs - serverClock.sinceMs(held.receivedAt);
  const isUsable = (held: HeldToken | undefined): held is HeldToken =>
    held !== undefined && leftMs(held) > held.hardMs;
  const isDue = (held: HeldToken): boolean => leftMs(held) <= held.aheadMs;
  const ageOf = (held: HeldToken): 'due' | 'expired' => (isUsable(held) ? 'due' : 'expired');

  return {
    leftMs,
    isUsable,
    isDue,
    ageOf,
    tell,
    warn,
    validate: (state, userId, value) =>
      validateToken(value, {
        userId,
        server: serverClock.server(),
        settings: options,
        isRefused: state.backoff.isRefused,
        refusalText: refusalText(state.refusedFor),
        warn,
      }),
    put(state, token, purpose) {
      const margins = refreshMarginsOf(token.lifetimeMs, options, random());
      state.held = { ...token, ...margins, receivedAt: serverClock.stamp(), purpose };
      state.nextPurpose = 'any';
      state.version++;
      state.attempts = 0;
      state.lastFailure = undefined;
      state.announced = 'nothing';
      state.clock = 'trusted';
      state.backoff.succeeded();
    },
    correct(state) {
      const { held } = state;
      const { expiresInMs, expiresAtMs } = held?.reading ?? {};
      const server = serverClock.server();
      if (!held || !server.isKnown || expiresInMs !== undefined || expiresAtMs === undefined) return;
      const lifetimeMs = expiresAtMs - server.nowMs + serverClock.sinceMs(held.receivedAt);
      if (Math.abs(lifetimeMs - held.lifetimeMs) <= IMPRECISION_MS) return;
      state.held = { ...held, lifetimeMs, ...refreshMarginsOf(lifetimeMs, options, random()) };
      state.announced = 'nothing';
    },
    announce(state) {
      const { held } = state;
      if (!held) return;
      if (state.clock === 'trusted' && serverClock.wasSetBack(held.receivedAt)) {
        state.clock = 'suspect';
        tell(state, { type: 'clock_suspect' });
      }
      // The listener of the event above may have set another token.
      if (state.held !== held || !isDue(held)) return;
      const age = ageOf(held);
      if (state.announced === age || state.announced === 'expired') return;
      state.announced = age;
      tell(state, { type: age === 'due' ? 'expired_soon' : 'expired' });
    },
    retryAt(state) {
      const pause = state.backoff.current();
      return pause ? { retryAtMs: clock.now() + pause.leftMs } : {};
    },
  };
}
