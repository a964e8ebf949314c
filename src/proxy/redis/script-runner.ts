import { SdkError } from '../../protocol/errors.ts';
import { describeSecret } from '../options/rules.ts';

/** A client, cluster, pool or sentinel of `redis` (node-redis) 4 and newer: the part that is used. */
export interface NodeRedisClient {
  /** Whether the client was connected, and not closed. */
  readonly isOpen: boolean;
  /** Whether a command would be sent now. A pool does not have this property. */
  readonly isReady?: boolean;
  /** Runs a script. */
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** A client or cluster of `ioredis` 5 and newer: the part that is used. */
export interface IoredisClient {
  /** `'ready'` when a command would be sent now, or another state. */
  readonly status: string;
  /** Defines a command. Not called: only `ioredis` has this function, by which it is recognised. */
  defineCommand(name: string, definition: { readonly lua: string }): unknown;
  /** Runs a script. */
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
}

/** Runs scripts with a client of either package. */
export interface ScriptRunner {
  /** Runs a script in one round trip, and returns its text. @throws the error of the client */
  run(script: string, keys: readonly string[], args: readonly string[]): Promise<string>;
  /** Whether the client has a connection. Without one, it would queue a command until it has one. */
  isConnected(): boolean;
}

/**
 * Creates a runner for a client of `redis` or `ioredis`. @throws SdkError `invalid-options`: `client` is neither of
 * them
 */
export function createRunner(client: unknown): ScriptRunner {
  if (isIoredis(client)) {
    return {
      run: async (script, keys, args) => String(await client.eval(script, keys.length, ...keys, ...args)),
      // With `lazyConnect` (`wait`), the first command makes the client connect.
      isConnected: () => client.status === 'ready' || client.status === 'wait',
    };
  }
  if (isNodeRedis(client)) {
    return {
      run: async (script, keys, args) =>
        String(await client.eval(script, { keys: [...keys], arguments: [...args] })),
      isConnected: () => client.isOpen && client.isReady !== false,
    };
  }
  const problem = `must be a client of "redis" (4 or newer) or "ioredis", got ${kindOf(client)}`;
  throw new SdkError('invalid-options', `redisStore: "client" ${problem}`);
}

/** Recognises a client of `ioredis` by `defineCommand`. */
function isIoredis(client: unknown): client is IoredisClient {
  return hasFunction(client, 'eval') && hasFunction(client, 'defineCommand') && 'status' in client;
}

function isNodeRedis(client: unknown): client is NodeRedisClient {
  return hasFunction(client, 'eval') && 'isOpen' in client;
}

function hasFunction(value: unknown, name: string): value is object {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function';
}

/** Describes a value by its kind only: a client, and a URL, can contain a password. */
function kindOf(value: unknown): string {
  if (value instanceof Promise) return 'a Promise (await it first)';
  if (typeof value === 'string') return 'a text (make a client of it first)';
  if (typeof value !== 'object' || value === null) return describeSecret(value);
  const { name } = value.constructor ?? {};
  return name && name !== 'Object' ? `an object of class ${name}` : 'an object without what these have';
}
