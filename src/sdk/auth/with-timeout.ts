import { abortReason } from './abort-reason.ts';
import type { Clock } from '../browser.ts';

export interface TimeoutOptions {
  readonly clock: Clock;
  readonly waitMs: number;
  /** Ends the wait: the promise then rejects with the signal's reason. */
  readonly signal: AbortSignal | undefined;
  /** The error with which the promise rejects after `waitMs`. */
  timeoutError(): Error;
}

/** Waits for work that other callers share. A timeout or an abort ends this wait, and the work continues. */
export function withTimeout<T>(
  work: Promise<T>,
  { clock, waitMs, signal, timeoutError }: TimeoutOptions,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = clock.after(waitMs, () => end(() => reject(timeoutError())));
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
