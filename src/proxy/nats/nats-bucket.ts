import { SdkError } from '../../protocol/errors.ts';
import { describeSecret } from '../options/rules.ts';

/** An entry of a bucket of `@nats-io/kv` 3: the part that is used. */
export interface NatsEntry {
  /** `PUT`, `DEL` or `PURGE`. */
  readonly operation: string;
  /** The revision of the key. */
  readonly revision: number;
  /** The time at which the entry was written, by the clock of the server. */
  readonly created: Date;
  /** Returns the value as text. */
  string(): string;
}

/** A bucket of `@nats-io/kv` 3: the part that is used. */
export interface NatsBucket {
  /**
   * Writes a value. `previousSeq`: only if that is the current revision. `timeout`: in milliseconds. Returns the new
   * revision.
   */
  put(
    key: string,
    value: string,
    options: { readonly previousSeq?: number; readonly timeout: number },
  ): Promise<number>;
  /** Returns the current entry; `null` without one. */
  get(key: string): Promise<NatsEntry | null>;
  /** Deletes a key. `previousSeq`: only if that is the current revision. */
  delete(key: string, options: { readonly previousSeq: number }): Promise<void>;
}

// Error codes `StreamWrongLastSequence` and `StreamWrongLastSequenceUnknown` of `@nats-io/jetstream`.
const TAKEN: ReadonlySet<unknown> = new Set([10_071, 10_164]);

/** Whether a write was refused because another client has written the key since. */
export function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && TAKEN.has(error.code);
}

/** @throws SdkError `invalid-options`: `bucket` is not a bucket */
export function checkBucket(bucket: unknown): void {
  const isObject = typeof bucket === 'object' && bucket !== null;
  if (isObject && ['put', 'get', 'delete'].every((name) => typeof Reflect.get(bucket, name) === 'function'))
    return;
  const received = bucket instanceof Promise ? 'a Promise (await it first)' : describeSecret(bucket);
  throw new SdkError(
    'invalid-options',
    `natsStore: "kv" must be a bucket that a Kvm of @nats-io/kv 3 has opened, got ${received}`,
  );
}
