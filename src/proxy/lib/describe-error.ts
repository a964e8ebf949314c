/** An error for the log, with its `cause`: the message of a failed `fetch` does not say why, its cause does (ECONNREFUSED, ENOTFOUND). */
export function describeError(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message;
}
