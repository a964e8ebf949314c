import { abortReason } from './abort-reason.ts';
import type { Clock } from '../browser.ts';

export interface TimeoutOptions {
  readonly clock: Clock;
  readonly waitMs: number;
  /** Ends the wait, with its reason. */
  readonly signal: AbortSignal | undefined;
  tooLate(): Error;
}

/** Waits for work that belongs to others, and lets it go on when this wait ends. */
export function withTimeout<T>(
  work: Promise<T>,
  { clock, waitMs, signal, tooLate }: TimeoutOptions,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = clock.after(waitMs, () => end(() => reject(tooLate())));
    const aborted = (): void => end(() => signal && reject(abortReason(signal)));
    function end(settle: () => void): void {
      stop();
      signal?.removeEventListener('abort', aborted);
      settle();
    }
    signal?.addEventListener('abort', aborted);
    work.then(
      (value) => end(() => resolve(value)),
      (cause: unknown) => end(() => reject(cause)),
    );
    if (signal?.aborted) aborted();
  });
}
