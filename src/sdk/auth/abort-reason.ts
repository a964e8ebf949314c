/**
 * Why a call was aborted: the caller's own reason, as it is. Chrome before 98 and Firefox before 97 know none.
 * https://dom.spec.whatwg.org/#dom-abortsignal-reason
 */
export const abortReason = (signal: AbortSignal): Error =>
  (signal.reason as Error | undefined) ?? new DOMException('The call was aborted', 'AbortError');
