import type { Clock } from '../browser.ts';
import type { CustomerTokenProvider, TokenRequest } from './contract.ts';

/** The outcome of one call of the provider. */
export type ProviderAnswer =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly cause: unknown }
  | { readonly kind: 'timeout' };

export interface ProviderQuestion {
  readonly provider: CustomerTokenProvider;
  readonly request: Omit<TokenRequest, 'signal'>;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Aborted when the result is no longer needed. The provider's own signal is aborted with it. */
  readonly cancelled: AbortSignal;
  /** Called with a value that the provider returns after the timeout. */
  late(value: unknown): void;
}

/**
 * Calls the provider once. Resolves with one result, within `timeoutMs`, and never rejects, also if the provider throws or never
 * settles.
 */
export function askProvider(question: ProviderQuestion): Promise<ProviderAnswer> {
  const { provider, request, clock, timeoutMs, cancelled, late } = question;
  return new Promise((resolve) => {
    const controller = new AbortController();
    let state: 'awaited' | 'late' | 'done' = 'awaited';
    const stop = clock.after(timeoutMs, () => {
      state = 'late';
      end({ kind: 'timeout' });
      controller.abort();
    });
    const cancel = (): void => {
      state = 'done';
      end({ kind: 'failed', cause: cancelled.reason });
      controller.abort(cancelled.reason);
    };
    function end(answer: ProviderAnswer): void {
      stop();
      cancelled.removeEventListener('abort', cancel);
      resolve(answer);
    }
    function settle(answer: ProviderAnswer): void {
      if (state === 'late' && answer.kind === 'value') late(answer.value);
      else end(answer);
    }
    cancelled.addEventListener('abort', cancel);
    // The outer promise catches an error that the provider throws synchronously, and accepts a result that is not a promise.
    new Promise((answer) => answer(provider({ ...request, signal: controller.signal }))).then(
      (value) => settle({ kind: 'value', value }),
      (cause: unknown) => settle({ kind: 'failed', cause }),
    );
  });
}
