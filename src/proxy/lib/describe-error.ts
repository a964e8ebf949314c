/** An error for the log: a failed fetch hides what happened (ECONNREFUSED, ENOTFOUND) in its cause. */
export function describeError(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message;
}
