/**
 * The stable codes of {@link SdkError}. Compare these, never messages.
 *
 * | code | when |
 * |---|---|
 * | `invalid-options` | an option is missing, unknown or of the wrong kind (thrown at once) |
 * | `invalid-client-key` | the proxy does not know the client key (events are kept) |
 * | `storage-unavailable` | IndexedDB is refused or broken; events are kept in memory |
 * | `plugin-failed` | a plugin, middleware, hook or listener of the application threw, or a call was made wrong |
 */
export type SdkErrorCode = 'invalid-options' | 'invalid-client-key' | 'storage-unavailable' | 'plugin-failed';

/** The one error class of this package. `code` is API; the message is for people and holds no payload and no secret. */
export class SdkError extends Error {
  override readonly name = 'SdkError';
  readonly code: SdkErrorCode;

  constructor(code: SdkErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
