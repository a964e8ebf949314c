import type { Margins } from './lifetime.ts';
import type { Pauses } from './pauses.ts';
import type { Identity, TokenReason } from './token-contract.ts';
import type { Stamp } from './token-time.ts';
import type { UsableToken } from './verdict.ts';

/** The token in hand. */
export interface Held extends UsableToken, Margins {
  readonly receivedAt: Stamp;
  /** It came for one that the proxy refused, and the proxy has not accepted it yet. */
  readonly isReplacement: boolean;
}

/** One use of the provider that all share who need a token. */
export interface Flight {
  /** What went wrong; never rejects. */
  readonly done: Promise<Error | undefined>;
  readonly over: AbortSignal;
  end(outcome: Error | undefined): void;
  /** Its answer no longer counts; this is what those are told who wait for it. */
  cancel(outcome: Error | undefined): void;
}

/** All that is known of one identity, and is gone with it. */
export interface Life {
  readonly epoch: number;
  readonly identity: Identity;
  readonly pauses: Pauses;
  /** For which a token is asked for while there is none. */
  reason: TokenReason;
  held: Held | undefined;
  /** What the next token is to those who wait for it: a call of which the proxy has refused one already, or any call. */
  next: 'replacement' | 'any';
  flight: Flight | undefined;
  /** Goes up with each token that is installed or set. */
  version: number;
  /** Since the last token that could be used. */
  asks: number;
  /** The last failure. */
  failure: Error | undefined;
  /** What the application has been told of the token in hand. */
  told: 'nothing' | 'due' | 'expired';
  clock: 'trusted' | 'suspect';
}

export const createLife = (
  epoch: number,
  { userId, anonymousId }: Identity,
  pauses: Pauses,
  reason: TokenReason,
): Life => ({
  epoch,
  identity: { userId, anonymousId },
  pauses,
  reason,
  held: undefined,
  next: 'any',
  flight: undefined,
  version: 0,
  asks: 0,
  failure: undefined,
  told: 'nothing',
  clock: 'trusted',
});

export function createFlight(): Flight {
  const control = new AbortController();
  let end: Flight['end'] = () => {};
  const done = new Promise<Error | undefined>((resolve) => (end = resolve));
  return {
    done,
    over: control.signal,
    end,
    cancel(outcome) {
      end(outcome);
      control.abort();
    },
  };
}
