import { SdkError } from '../../protocol/errors.ts';
import { describeSecret } from '../options/rules.ts';

/** What is used of a client, cluster, pool or sentinel of `redis` (node-redis) 4 and newer. */
export interface NodeRedisClient {
  readonly isOpen: boolean;
  /** Whether a command would be sent now. A pool does not say. */
  readonly isReady?: boolean;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** What is used of a client or cluster of `ioredis` 5 and newer. */
export interface IoredisClient {
  /** `'ready'`, or what it is doing instead. */
  readonly status: string;
  defineCommand(name: string, definition: { readonly lua: string }): unknown;
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
}

/** Either of the two, as one. */
export interface ScriptRunner {
  /** Runs a script, in one round trip. What it returns is a text. @throws what the client throws */
  run(script: string, keys: readonly string[], args: readonly string[]): Promise<string>;
  /** `false`: the client has no connection, and would keep a command until it has one. */
  isConnected(): boolean;
}

/** @throws SdkError `invalid-options`: it is neither */
export function createRunner(client: unknown): ScriptRunner {
  if (isIoredis(client)) {
    return {
      run: async (script, keys, args) => String(await client.eval(script, keys.length, ...keys, ...args)),
      // With `lazyConnect` it is its first command that makes it connect.
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

/** Only `ioredis` can be taught commands. */
function isIoredis(client: unknown): client is IoredisClient {
  return hasFunction(client, 'eval') && hasFunction(client, 'defineCommand') && 'status' in client;
}

function isNodeRedis(client: unknown): client is NodeRedisClient {
  return hasFunction(client, 'eval') && 'isOpen' in client;
}

function hasFunction(value: unknown, name: string): value is object {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function';
}

/** Its kind alone: a client knows its password, and so does a URL. */
function kindOf(value: unknown): string {
  if (value instanceof Promise) return 'a Promise (await it first)';
  if (typeof value === 'string') return 'a text (make a client of it first)';
  if (typeof value !== 'object' || value === null) return describeSecret(value);
  const { name } = value.constructor ?? {};
  return name && name !== 'Object' ? `an object of class ${name}` : 'an object without what these have';
}
