/** What a store says of one key: nobody has it, some copy of the proxy is sending it on, or Customer.io has accepted it. */
export type ClaimState = 'new' | 'pending' | 'done';

/**
 * Remembers events for all copies of a proxy together. A key is 22 characters of base64url: a hash of the client key, the
 * `messageId` and the event's bytes.
 *
 * A store that throws, or is slow, never stops delivery: meanwhile each copy knows only what it has sent itself.
 */
export interface DeduplicateStore {
  /**
   * Claims those keys that nobody has, atomically for each, for at most `ttlMs`; says, in their order, what each one was.
   *
   * @param onExpired may be called for a key that is `'new'` because an earlier claim has ended without `done` or `release`:
   *   a copy has died, and nobody knows whether Customer.io has the event
   */
  claim(
    keys: readonly string[],
    ttlMs: number,
    onExpired?: (key: string) => void,
  ): Promise<readonly ClaimState[]>;
  /** Customer.io has accepted these: they are remembered for as long as the store keeps them. */
  done(keys: readonly string[]): Promise<unknown>;
  /** Customer.io has not accepted these: whoever claims them next may send them. */
  release(keys: readonly string[]): Promise<unknown>;
}
