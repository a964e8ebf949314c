// @vitest-environment node
import { createClient } from 'redis';
import { expect, test } from 'vitest';
import { SdkError } from '../../../src/protocol/errors.ts';
import { redisStore } from '../../../src/redis.ts';

function refusal(client: unknown, options?: object): string {
  try {
    Reflect.apply(redisStore, undefined, [client, options]);
  } catch (error) {
    if (error instanceof SdkError && error.code === 'invalid-options') return error.message;
    throw error;
  }
  return '';
}

class Upstash {
  readonly password = 'secret';
  eval(): Promise<null> {
    return Promise.resolve(null);
  }
}

test.each([
  [undefined, 'got undefined'],
  [null, 'got null'],
  ['redis://:secret@localhost', 'got a text (make a client of it first)'],
  [Promise.resolve({}), 'got a Promise (await it first)'],
  [{ password: 'secret' }, 'got an object without what these have'],
  [new Upstash(), 'got an object of class Upstash'],
  [createClient, 'got function'],
])('an argument that is no known client is reported without its contents: %s', (client, end) => {
  expect(refusal(client)).toBe(
    `redisStore: "client" must be a client of "redis" (4 or newer) or "ioredis", ${end}`,
  );
});

test.each([
  [{ windowMs: 0 }, '"windowMs" must be an integer from 1 to 2147483647, got 0'],
  [{ windowMs: '1h', prefix: 5 }, '"prefix" must be a text, got 5; "windowMs" must be'],
  [{ ttl: 5 }, '"ttl" is no option of redisStore'],
])('a wrong option is reported: %j', (options, message) => {
  expect(refusal(createClient(), options)).toContain(`redisStore: ${message}`);
});

test('an undefined option has its default', () => {
  expect(refusal(createClient(), { prefix: undefined, windowMs: undefined })).toBe('');
});
