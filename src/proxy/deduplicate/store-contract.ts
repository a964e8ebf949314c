/**
 * The state of one key in a store. `new`: the key was unknown, and is now claimed. `pending`: a replica of the proxy is sending the
 * event. `done`: Customer.io has accepted the event.
 */
export type ClaimState = 'new' | 'pending' | 'done';

/**
 * A store that all replicas of a proxy share to recognise repeated events. A key is 22 characters of base64url: a hash of the
 * client key, the `messageId` and the bytes of the event.
 *
 * A store that throws or is slow never stops delivery: each replica then recognises only the events that it has sent itself.
 */
export interface DeduplicateStore {
  /**
   * Claims the keys that have no claim and are not done, atomically for each key, for at most `ttlMs`. Resolves to the
   * state that each key had before, in the order of `keys`.
   *
   * @param onExpired may be called for a key that is `'new'` because an earlier claim has expired without `done` or `release`. In
   * that case a replica of the proxy has stopped unexpectedly, and whether Customer.io has the event is not known
   */
  claim(
    keys: readonly string[],
    ttlMs: number,
    onExpired?: (key: string) => void,
  ): Promise<readonly ClaimState[]>;
  /** Marks the events of these keys as accepted by Customer.io. The store returns `done` for them as long as it keeps them. */
  done(keys: readonly string[]): Promise<unknown>;
  /** Releases these keys, whose events Customer.io has not accepted. The next replica that claims them may send them. */
  release(keys: readonly string[]): Promise<unknown>;
}
