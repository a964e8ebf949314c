/**
 * The reason that the caller gave to `abort()`, unchanged. Chrome before 98 and Firefox before 97 have no reason: an `AbortError`
 * then.
 * https://dom.spec.whatwg.org/#dom-abortsignal-reason
 */
export const abortReason = (signal: AbortSignal): Error =>
  (signal.reason as Error | undefined) ?? new DOMException('The call was aborted', 'AbortError');
