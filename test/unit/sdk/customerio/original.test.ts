/**
 * Compares our instance with the wrapped SDK's own `Analytics`, as its makers publish it: the same calls make
 * the same events, and emit the same events to listeners.
 */
import { Analytics, Group, User } from '@customerio/cdp-analytics-browser';
import { describe, expect, test } from 'vitest';
import type { EventMethod } from '../../../../src/sdk/event/call.ts';
import { createCookies } from '../../../../src/sdk/identity/cookies.ts';
import { createStoredUser } from '../../../../src/sdk/identity/stored-user.ts';
import { createInstance } from '../../../../src/sdk/customerio/instance.ts';
import { completeInstance } from '../../../../src/sdk/plugins/plugin-instance.ts';
import type { EventContext } from '../../../../src/sdk/plugins/plugin.ts';
import { fakeCookieJar } from '../../../fakes/cookie-jar.ts';
import { seeded } from '../../../fakes/random.ts';
import { fakeTextStore } from '../../../fakes/text-store.ts';

const INTEGRATIONS = { All: true, Mixpanel: false };
const METHODS: readonly EventMethod[] = ['track', 'page', 'screen', 'identify', 'group', 'alias'];

/** The members of both instances that this test uses. */
interface Sdk {
  on(name: string, listener: (...args: readonly unknown[]) => void): unknown;
  readonly [method: string]: unknown;
}

/** Accepts every event at once, unchanged. */
const dispatch = (context: EventContext): Promise<EventContext> => Promise.resolve(context);

function ours(): Sdk {
  const needs = {
    cookies: createCookies({
      jar: fakeCookieJar('https://example.com/'),
      pageUrl: 'https://example.com/',
      options: {},
    }),
    local: fakeTextStore(),
    newId: () => 'anonymous',
    options: { persist: false },
  };
  const nothing = (): Promise<void> => Promise.resolve();
  const instance = createInstance(
    {
      user: createStoredUser({ ...needs, keys: { id: 'id', traits: 'traits', anonymous: 'anonymous' } }),
      group: createStoredUser({ ...needs, keys: { id: 'group', traits: 'properties' } }),
      integrations: INTEGRATIONS,
      tell: () => undefined,
      report: () => undefined,
    },
    { dispatch, register: nothing, deregister: nothing, idle: nothing, plugins: [] },
  );
  return completeInstance(instance, () => undefined) as Sdk;
}

function theirs(): Sdk {
  const options = { persist: false };
  const user = new User(options);
  user.anonymousId('anonymous');
  const queue = { dispatch, dispatchSingle: dispatch, isEmpty: () => true, plugins: [] };
  // A stand-in replaces the queue, which would send. With a timeout of 0, the instance calls back without a
  // wait.
  return new Analytics(
    { writeKey: 'any', timeout: 0 },
    { integrations: INTEGRATIONS, disableClientPersistence: true },
    queue as never,
    user,
    new Group(options),
  ) as unknown as Sdk;
}

/** Returns every observable result of one call. */
async function seen(sdk: Sdk, method: EventMethod, args: readonly unknown[]): Promise<unknown> {
  const told: unknown[] = [];
  const calledBack: unknown[] = [];
  for (const name of METHODS) sdk.on(name, (...heard) => told.push([name, ...heard]));
  const callback = (context: EventContext): void => void calledBack.push(context.event.type);
  const given = args.map((each) => (each === CALLBACK ? callback : structuredClone(each)));
  const call = sdk[method] as (...args: readonly unknown[]) => Promise<EventContext>;
  const answer = await Promise.resolve(call(...given)).catch((cause: unknown) => String(cause));
  const event = typeof answer === 'object' && 'event' in answer ? { ...answer.event } : answer;
  // The wrapped SDK adds these fields in its factory, ours when the call is claimed.
  if (typeof event === 'object') for (const name of ['messageId', 'timestamp']) delete (event as never)[name];
  return { told, calledBack, event, given: given.map((each) => (each === callback ? CALLBACK : each)) };
}

const CALLBACK = 'a callback';

const SHAPES: readonly (readonly [method: EventMethod, ...args: unknown[]])[] = [
  ['track', 'E', { a: 1 }, { context: { app: 1 }, 'device.id': 2, integrations: { Own: true } }, CALLBACK],
  ['track', 'E', CALLBACK],
  ['track', { event: 'E', properties: { a: 1 } }, { anonymousId: 'mine', userId: 'u9' }, CALLBACK],
  ['track', 'E', null, null],
  ['track', { properties: {} }],
  ['track'],
  ['page'],
  ['page', 'C', 'N', { a: 1, category: 'own' }, { context: { app: 1 } }, CALLBACK],
  ['page', 'N', null, { integrations: { All: false } }],
  ['page', null, 'N'],
  ['screen', 'C', 'N', { a: 1 }, CALLBACK],
  ['screen', { a: 1 }, { 'a.b': 1 }],
  ['identify', 'u1', { a: 1 }, { context: { app: 1 } }, CALLBACK],
  ['identify', { a: 1 }],
  ['identify', 7, null, { userId: 'u9' }],
  ['identify'],
  ['group', 'g1', { a: 1 }, CALLBACK],
  ['group', { a: 1 }],
  ['alias', 'u2', 'u1', { context: { app: 1 } }, CALLBACK],
  ['alias', 7, 8],
  ['alias', 'u2'],
];

const both = async (method: EventMethod, args: readonly unknown[]): Promise<readonly [unknown, unknown]> => [
  await seen(ours(), method, args),
  await seen(theirs(), method, args),
];

describe('as the original does it', () => {
  test.each(SHAPES.map(([method, ...args]) => ({ method, args })))(
    '$method$args',
    async ({ method, args }) => {
      const [one, other] = await both(method, args);
      expect(one).toEqual(other);
    },
  );

  test('any arguments in any order', async () => {
    const random = seeded(1);
    const ids = [undefined, null, 'a', 'b', '', 7, 0] as const;
    const others = [
      undefined,
      null,
      'c',
      true,
      [1],
      CALLBACK,
      {},
      { a: 1 },
      { event: 'E', properties: { a: 1 } },
    ] as const;
    const options = [
      { 'a.b': 1, timestamp: 2 },
      { context: { c: 1 }, integrations: { All: false } },
    ] as const;
    for (let round = 0; round < 500; round++) {
      const method = random.pick<EventMethod>(['track', 'page', 'screen', 'identify', 'group', 'alias']);
      // Without arguments, `group` returns the group. The original does not accept an id in a later argument.
      const args = Array.from({ length: random.below(5) + Number(method === 'group') }, (_, i) =>
        random.pick<unknown>(i < 2 ? [...ids, ...others, ...options] : [...others, ...options]),
      );
      if (method === 'alias') args[0] = random.pick<unknown>(['a', 7]);
      const [one, other] = await both(method, args);
      expect(one, `${method}(${JSON.stringify(args)})`).toEqual(other);
    }
  });
});
