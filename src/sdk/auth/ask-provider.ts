import type { Clock } from '../browser.ts';
import type { CustomerTokenProvider, TokenRequest } from './contract.ts';

/** What came of asking the provider once. */
export type ProviderAnswer =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly cause: unknown }
  | { readonly kind: 'timeout' };

export interface ProviderQuestion {
  readonly provider: CustomerTokenProvider;
  readonly request: Omit<TokenRequest, 'signal'>;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** The answer is no longer wanted. */
  readonly over: AbortSignal;
  /** A value that came after the timeout. */
  late(value: unknown): void;
}

/** Asks once. However the provider behaves, there is one answer, in time, and it never rejects. */
export function askProvider(question: ProviderQuestion): Promise<ProviderAnswer> {
  const { provider, request, clock, timeoutMs, over, late } = question;
  return new Promise((resolve) => {
    const control = new AbortController();
    let state: 'awaited' | 'late' | 'done' = 'awaited';
    const stop = clock.after(timeoutMs, () => {
      state = 'late';
      end({ kind: 'timeout' });
      control.abort();
    });
    const unwanted = (): void => {
      state = 'done';
      end({ kind: 'failed', cause: over.reason });
      control.abort(over.reason);
    };
    function end(answer: ProviderAnswer): void {
      stop();
      over.removeEventListener('abort', unwanted);
      resolve(answer);
    }
    function settle(answer: ProviderAnswer): void {
      if (state === 'late' && answer.kind === 'value') late(answer.value);
      else end(answer);
    }
    over.addEventListener('abort', unwanted);
    // What is thrown at once and what is no promise end as any other answer does.
    new Promise((answer) => answer(provider({ ...request, signal: control.signal }))).then(
      (value) => settle({ kind: 'value', value }),
      (cause: unknown) => settle({ kind: 'failed', cause }),
    );
  });
}
