import { SdkError } from '../../protocol/errors.ts';
import { describeSecret } from '../options/rules.ts';

/** What is used of an entry of `@nats-io/kv` 3. */
export interface NatsEntry {
  readonly operation: string;
  readonly revision: number;
  /** By the clock of the server. */
  readonly created: Date;
  string(): string;
}

/** What is used of a bucket of `@nats-io/kv` 3. */
export interface NatsBucket {
  put(
    key: string,
    value: string,
    options: { readonly previousSeq?: number; readonly timeout: number },
  ): Promise<number>;
  get(key: string): Promise<NatsEntry | null>;
  delete(key: string, options: { readonly previousSeq: number }): Promise<void>;
}

// `StreamWrongLastSequence` and `StreamWrongLastSequenceUnknown` of `@nats-io/jetstream`.
const TAKEN: ReadonlySet<unknown> = new Set([10_071, 10_164]);

/** Whether a write came too late: somebody else has written that key meanwhile. */
export function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && TAKEN.has(error.code);
}

/** @throws SdkError `invalid-options`: it is no bucket */
export function checkBucket(bucket: unknown): void {
  const isObject = typeof bucket === 'object' && bucket !== null;
  if (isObject && ['put', 'get', 'delete'].every((name) => typeof Reflect.get(bucket, name) === 'function'))
    return;
  const came = bucket instanceof Promise ? 'a Promise (await it first)' : describeSecret(bucket);
  throw new SdkError(
    'invalid-options',
    `natsStore: "kv" must be what a Kvm of @nats-io/kv 3 opens, got ${came}`,
  );
}
