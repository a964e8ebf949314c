import type { Clock } from '../browser.ts';
import type { HeldToken, TokenState } from './token-state.ts';
import { refreshMarginsOf } from './token-ttl.ts';
import type { TokenEvent } from './contract.ts';
import type { CustomerTokenSettings } from './customer-token-options.ts';
import type { ServerClock } from './server-clock.ts';
import { validateToken, type UsableToken, type TokenValidity } from './validate-token.ts';

/** The token in hand: what it is good for now, and what the application is told of it. */
export interface TokenHolder {
  judge(of: TokenState, userId: string, given: unknown): TokenValidity;
  put(of: TokenState, token: UsableToken, isReplacement: boolean): void;
  /** Where more is known of the server's clock than when the token came. */
  correct(of: TokenState): void;
  leftMs(held: HeldToken): number;
  isUsable(held: HeldToken | undefined): held is HeldToken;
  isDue(held: HeldToken): boolean;
  ageOf(held: HeldToken): 'due' | 'expired';
  /** Tells once that the token in hand is old, or that the clock was set back since it came. */
  announce(of: TokenState): void;
  retryAt(of: TokenState): { retryAtMs?: number };
  tell(of: TokenState, event: Omit<TokenEvent, 'userId'>): void;
  warn(message: string): void;
}

export interface TokenHolderNeeds {
  readonly clock: Clock;
  readonly time: ServerClock;
  readonly options: CustomerTokenSettings;
  random(): number;
  tell(event: TokenEvent): void;
  warn(message: string): void;
}

// The header `Date` tells whole seconds; what is known by it is right to one of them.
const IMPRECISION_MS = 2_000;

export function createTokenHolder(needs: TokenHolderNeeds): TokenHolder {
  const { clock, time, options, random } = needs;

  function warn(message: string): void {
    try {
      needs.warn(message);
    } catch {
      // There is nobody left to tell.
    }
  }

  function tell(of: TokenState, event: Omit<TokenEvent, 'userId'>): void {
    try {
      needs.tell({ ...event, userId: of.identity.userId });
    } catch {
      warn('A listener to the customer token threw');
    }
  }

  const leftMs = (held: HeldToken): number => held.lifetimeMs - time.sinceMs(held.receivedAt);
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
    judge: (of, userId, given) =>
      validateToken(given, {
        userId,
        server: time.server(),
        settings: options,
        isRefused: of.pauses.isRefused,
        warn,
      }),
    put(of, token, isReplacement) {
      const margins = refreshMarginsOf(token.lifetimeMs, options, random());
      of.held = { ...token, ...margins, receivedAt: time.stamp(), isReplacement };
      of.next = 'any';
      of.version++;
      of.asks = 0;
      of.failure = undefined;
      of.told = 'nothing';
      of.clock = 'trusted';
      of.pauses.succeeded();
    },
    correct(of) {
      const { held } = of;
      const { expiresInMs, expiresAtMs } = held?.reading ?? {};
      const server = time.server();
      if (!held || !server.isKnown || expiresInMs !== undefined || expiresAtMs === undefined) return;
      const lifetimeMs = expiresAtMs - server.nowMs + time.sinceMs(held.receivedAt);
      if (Math.abs(lifetimeMs - held.lifetimeMs) <= IMPRECISION_MS) return;
      of.held = { ...held, lifetimeMs, ...refreshMarginsOf(lifetimeMs, options, random()) };
      of.told = 'nothing';
    },
    announce(of) {
      const { held } = of;
      if (!held) return;
      if (of.clock === 'trusted' && time.wasSetBack(held.receivedAt)) {
        of.clock = 'suspect';
        tell(of, { type: 'clock_suspect' });
      }
      // A listener may have set another.
      if (of.held !== held || !isDue(held)) return;
      const age = ageOf(held);
      if (of.told === age || of.told === 'expired') return;
      of.told = age;
      tell(of, { type: age === 'due' ? 'expired_soon' : 'expired' });
    },
    retryAt(of) {
      const pause = of.pauses.current();
      return pause ? { retryAtMs: clock.now() + pause.leftMs } : {};
    },
  };
}
