// @vitest-environment node
/**
 * The members of the instance that `load` passes to plugins. Their names are those of the wrapped SDK's
 * `Analytics`: plugins that were written for that SDK must find them here, with results of the same kind. The
 * public plugins use these: Customer.io's in-app plugin `user() on track` (and it sets `inbox`), page
 * enrichment `options`, the video plugins `track`, Segment's destinations `user() group() track page identify
 * on reset register ready queue.plugins`, its consent tools `user() track register on`.
 */
import type { Analytics } from '@customerio/cdp-analytics-browser';
import { describe, expect, test } from 'vitest';
import type { Plugin, PluginContext } from '../../../../src/sdk/plugins/plugin.ts';
import { settled } from '../../../fakes/clock.ts';
import { type Bench, bench } from '../customerio/bench.ts';
import { contextOf, pluginOf } from '../customerio/setup.ts';

/** The type includes members that are private in TypeScript: in JavaScript, any plugin may use them. */
type Instance = Analytics & Readonly<Record<string, unknown>>;

interface Setup extends Bench {
  readonly instance: Instance;
}

const INTEGRATIONS = { All: true, Mixpanel: false };

/** Returns the instance without plugins, after a plugin was added and removed. */
async function setUp(...plugins: readonly Plugin[]): Promise<Setup> {
  const made = bench(INTEGRATIONS);
  let instance: unknown;
  const load = async (_context: unknown, given: unknown): Promise<void> => void (instance = given);
  await made.wrapped.register(pluginOf('visitor', { load }));
  await made.wrapped.deregister('visitor');
  await made.wrapped.register(...plugins);
  return { ...made, instance: instance as Instance };
}

/** All names of an object and its classes, with the kind of each. */
function surface(of: object): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (let each = of; each !== Object.prototype; each = Object.getPrototypeOf(each) as object)
    for (const name of Object.getOwnPropertyNames(each))
      if (name !== 'constructor') found[name] = typeof (of as Record<string, unknown>)[name];
  return found;
}

const OFFERED = {
  user: 'function',
  group: 'function',
  track: 'function',
  page: 'function',
  screen: 'function',
  identify: 'function',
  alias: 'function',
  reset: 'function',
  setAnonymousId: 'function',
  on: 'function',
  once: 'function',
  off: 'function',
  emit: 'function',
  register: 'function',
  deregister: 'function',
  ready: 'function',
  integrations: 'object',
  options: 'object',
  settings: 'object',
  queue: 'object',
  // This member is private in TypeScript.
  _user: 'object',
  _group: 'object',
  _dispatch: 'function',
  eventFactory: 'object',
  callbacks: 'object',
};

describe('what plugins find on the instance', () => {
  test('are these names, each of its kind', async () => {
    const { instance } = await setUp();
    expect(surface(instance)).toEqual(OFFERED);
  });

  test('is as open as the original: a plugin may add to it', async () => {
    const { instance } = await setUp();
    const inbox = (): never => {
      throw new Error('not called');
    };
    instance.inbox = inbox;
    expect(instance.inbox).toBe(inbox);
  });

  test('are the visitor and the group', async () => {
    const { instance, visitor } = await setUp();
    expect([instance.user(), instance.group()]).toEqual([visitor.user, visitor.group]);
    expect([instance['_user'], instance['_group']]).toEqual([visitor.user, visitor.group]);
    await instance.identify('u1', { plan: 'pro' });
    await instance.group('g1', { seats: 3 });
    expect([instance.user().id(), instance.user().traits()]).toEqual(['u1', { plan: 'pro' }]);
    expect([instance.group().id(), instance.group().traits()]).toEqual(['g1', { seats: 3 }]);
    expect(instance.user().anonymousId()).toBe('anonymous-1');
    expect(instance.setAnonymousId('mine')).toBe('mine');
    expect(instance.setAnonymousId()).toBe('mine');
    expect(instance.user().anonymousId()).toBe('mine');
    expect(instance.reset()).toBeUndefined();
    expect([instance.user().id(), instance.group().id()]).toEqual([null, null]);
  });

  test('are the options that the instance was made with', async () => {
    const { instance } = await setUp();
    expect(instance.options).toEqual({
      integrations: INTEGRATIONS,
      useQueryString: false,
      disableClientPersistence: true,
    });
    expect(instance.options.integrations).toBe(instance.integrations);
    expect(instance.integrations).toBe(INTEGRATIONS);
    expect(instance['settings']).toEqual({ writeKey: '' });
  });

  test('are the other plugins', async () => {
    const { instance } = await setUp(pluginOf('one'));
    const names = (): readonly string[] => instance.queue.plugins.map(({ name }) => name);
    expect(names()).toEqual(['one']);
    const two = pluginOf('two');
    await expect(instance.register(two as never)).resolves.toBeUndefined();
    expect(names()).toEqual(['one', 'two']);
    await expect(instance.deregister('one')).resolves.toBeUndefined();
    expect(names()).toEqual(['two']);
    await expect(instance.ready()).resolves.toBeUndefined();
  });

  test('is the maker of events, and the way that they go', async () => {
    const { instance, names } = await setUp();
    const factory = instance['eventFactory'] as Readonly<Record<string, (...args: unknown[]) => object>>;
    const dispatch = instance['_dispatch'] as (event: object, done?: unknown) => Promise<PluginContext>;
    const common = { anonymousId: 'anonymous-1', context: {}, integrations: { Own: true } };
    const made = [
      factory['track']?.('E', { a: 1 }, {}, { Own: 1 }),
      factory['page']?.('C', 'N', { a: 1 }, {}, { Own: 1 }),
      factory['screen']?.(null, 'N', { a: 1 }, {}, { Own: 1 }),
      factory['identify']?.('u1', { a: 1 }, {}, { Own: 1 }),
      factory['group']?.('g1', { a: 1 }, {}, { Own: 1 }),
      factory['alias']?.('u2', null, {}, { Own: 1 }),
    ];
    expect(made).toEqual([
      { ...common, type: 'track', event: 'E', properties: { a: 1 } },
      { ...common, type: 'page', category: 'C', name: 'N', properties: { a: 1, category: 'C' } },
      { ...common, type: 'screen', name: 'N', properties: { a: 1 } },
      { ...common, type: 'identify', userId: 'u1', traits: { a: 1 } },
      { ...common, type: 'group', groupId: 'g1', traits: { a: 1 } },
      { ...common, type: 'alias', userId: 'u2' },
    ]);
    expect(factory['track']?.('E', {})).toEqual({
      ...common,
      type: 'track',
      event: 'E',
      properties: {},
      integrations: {},
    });
    const called: unknown[] = [];
    const context = await dispatch(factory['track']?.('E', {}) ?? {}, (given: unknown) => called.push(given));
    expect(context.event.event).toBe('E');
    expect([called, names()]).toEqual([[context], ['E']]);
  });
});

describe('the six calls', () => {
  /** The arguments of each call, and what its listeners receive. */
  const CALLS = [
    ['track', ['E', { a: 1 }], ['E', { a: 1 }, undefined]],
    ['track', [{ event: 'E', properties: { a: 1 } }], ['E', { a: 1 }, undefined]],
    [
      'page',
      ['C', 'N', { url: 'u' }],
      ['C', 'N', expect.objectContaining({ url: 'u', name: 'N' }), undefined],
    ],
    ['page', [], [null, null, expect.objectContaining({ path: '/' }), undefined]],
    ['screen', ['C', 'N', { a: 1 }], ['C', 'N', { a: 1 }, undefined]],
    ['screen', ['N'], [null, 'N', {}, undefined]],
    ['identify', ['u1', { a: 1 }], ['u1', { a: 1 }, undefined]],
    ['identify', [{ a: 1 }], [null, { a: 1 }, undefined]],
    ['group', ['g1', { a: 1 }], ['g1', { a: 1 }, undefined]],
    ['alias', ['u2', 'u1'], ['u2', 'u1', undefined]],
    ['alias', ['u2'], ['u2', null, undefined]],
  ] as const;
  const method = (
    instance: Instance,
    name: string,
  ): ((...args: readonly unknown[]) => Promise<PluginContext>) =>
    instance[name] as (...args: readonly unknown[]) => Promise<PluginContext>;

  test.each(CALLS)(
    '%s(...%j) tells its listeners, and those of the page, once',
    async (name, args, heard) => {
      const { instance, told } = await setUp();
      const lists: (readonly unknown[])[] = [];
      instance.on(name, (...given: readonly unknown[]) => lists.push(given));
      const context = await method(instance, name)(...args);
      expect(lists).toEqual([heard]);
      expect(lists[0]).toHaveLength(heard.length);
      expect(told).toEqual([[name, heard]]);
      expect(context.event).toMatchObject({ type: name, integrations: INTEGRATIONS });
      expect(context.id).toMatch(/^\d+$/);
    },
  );

  test.each(['track', 'page', 'screen', 'identify', 'group', 'alias'])(
    '%s, taken off the instance, still works',
    async (name) => {
      const { instance } = await setUp();
      const call = method(instance, name);
      expect((await call('x')).event.type).toBe(name);
    },
  );

  test('so do the others', async () => {
    const { instance, visitor, told } = await setUp(pluginOf('one'));
    const { user, group, reset, setAnonymousId, emit, register, deregister, ready } = instance;
    expect([user(), group()]).toEqual([visitor.user, visitor.group]);
    expect(setAnonymousId('mine')).toBe('mine');
    reset();
    emit('own', 1);
    await register(pluginOf('two') as never);
    await deregister('two');
    await ready();
    expect(told).toEqual([
      ['reset', []],
      ['own', [1]],
    ]);
  });

  test('tell what the plugins have made of the event, but names as they were given', async () => {
    const other = contextOf({
      ...{ type: 'any', event: 'Other', name: 'Other', userId: 'u9', groupId: 'g9', previousId: 'u8' },
      ...{ properties: { b: 2 }, traits: { c: 3 }, options: { d: 4 } },
    });
    const { call, told } = await setUp(pluginOf('changes', { hook: () => other }));
    const called: unknown[] = [];
    const callback = (given: unknown): unknown => called.push(given);
    call('track', 'E', { a: 1 }, callback);
    call('page', 'C', 'N', { a: 1 }, callback);
    call('screen', 'C', 'N', { a: 1 }, callback);
    call('identify', 'u1', { a: 1 }, callback);
    call('group', 'g1', { a: 1 }, callback);
    call('alias', 'u2', 'u1', callback);
    await settled();
    expect(called).toEqual(Array.from({ length: 6 }, () => other));
    expect(told).toEqual([
      ['track', ['E', { b: 2 }, { d: 4 }]],
      ['page', ['C', 'N', { b: 2 }, { d: 4 }]],
      ['screen', ['C', 'N', { b: 2 }, { d: 4 }]],
      ['identify', ['u9', { c: 3 }, { d: 4 }]],
      ['group', ['g9', { c: 3 }, { d: 4 }]],
      ['alias', ['u2', 'u1', { d: 4 }]],
    ]);
  });

  test('of a plugin resolve before the others have seen the event, for they may be waiting for it', async () => {
    const other = contextOf({ type: 'track', event: 'Other' });
    const { instance, told, accepted } = await setUp(pluginOf('changes', { hook: () => other }));
    expect((await instance.track('E')).event.event).toBe('E');
    await settled();
    expect([told, accepted.map(({ event }) => event)]).toEqual([
      [['track', ['E', {}, undefined]]],
      ['Other'],
    ]);
  });

  test('tell of an event that a plugin has dropped, too', async () => {
    const { call, told, refused } = await setUp(pluginOf('drops', { hook: (context) => context.cancel() }));
    const called: unknown[] = [];
    call('track', 'E', (context: PluginContext) => called.push(context.event.event));
    await settled();
    expect([called, told.length, refused.length]).toEqual([['E'], 1, 1]);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('callback');
      },
    ],
    ['rejects', () => Promise.reject(new Error('callback'))],
    ['answers', () => 7],
  ])(
    'call back once, before their listeners hear of it; one that %s is none of their business',
    async (_, answer) => {
      const { instance, reports } = await setUp();
      const order: string[] = [];
      instance.on('track', () => order.push('listener'));
      const callback = (context: PluginContext): unknown => {
        order.push(`callback ${context.event.event}`);
        return answer();
      };
      const context = await method(instance, 'track')('E', callback, callback);
      expect(order).toEqual(['callback E', 'listener']);
      expect([context.event.event, reports]).toEqual(['E', []]);
    },
  );

  test('wait for a callback that takes its time', async () => {
    const { instance, told } = await setUp();
    let finish = (): void => undefined;
    const waits = new Promise<void>((resolve) => (finish = resolve));
    const call = method(instance, 'track')('E', () => waits);
    await settled();
    expect(told).toEqual([]);
    finish();
    await call;
    expect(told).toHaveLength(1);
  });

  test('reject where there is nothing to make an event of, and tell nobody', async () => {
    const { instance, told } = await setUp();
    await expect(method(instance, 'track')()).rejects.toThrow('Event missing');
    await expect(method(instance, 'track')({ properties: {} })).rejects.toThrow('Event missing');
    expect(told).toEqual([]);
  });

  test('are told in the order in which they were made', async () => {
    const { instance, call, told } = await setUp();
    call('track', 'a');
    void instance.identify('u1');
    call('group', 'g1');
    void instance.alias('u2');
    call('page');
    void instance.screen('s');
    await settled();
    expect(told.map(([name]) => name)).toEqual(['track', 'identify', 'group', 'alias', 'page', 'screen']);
  });

  test('give events ids that no other instance of the page has given', async () => {
    const [one, other] = [await setUp(), await setUp()];
    const ids = [];
    for (const { instance } of [one, other, one]) ids.push(Number((await instance.track('E')).id));
    expect(ids).toEqual([ids[0], (ids[0] ?? 0) + 1, (ids[0] ?? 0) + 2]);
  });

  test('go through what a plugin has put in their place, whoever makes them', async () => {
    const { instance, call, names, told, wrapped } = await setUp();
    const { track, emit, reset, setAnonymousId } = instance;
    const seen: unknown[] = [];
    Object.assign(instance, {
      track: (name: string) => track(`${name}!`),
      emit: (name: string, ...args: readonly unknown[]) => {
        seen.push(name);
        return emit(name, ...args);
      },
      reset: () => reset(),
      setAnonymousId: () => setAnonymousId('of the plugin'),
      integrations: { Own: true },
    });
    call('track', 'E');
    await settled();
    wrapped.pluginInstance.reset();
    expect(wrapped.pluginInstance.setAnonymousId('of the page')).toBe('of the plugin');
    expect([names(), seen, told.map(([name]) => name)]).toEqual([
      ['E!'],
      ['track', 'reset'],
      ['track', 'reset'],
    ]);
    expect((await track('E')).event.integrations).toEqual({ Own: true });
  });
});

describe('listeners of plugins', () => {
  test('come and go; every method answers the instance', async () => {
    const { instance } = await setUp();
    const heard: string[] = [];
    const one = (): void => void heard.push('one');
    const two = (): void => void heard.push('two');
    expect(instance.on('own', one)).toBe(instance);
    expect(instance.once('own', two)).toBe(instance);
    expect(instance.emit('own')).toBe(instance);
    expect(instance.emit('own')).toBe(instance);
    expect(instance.off('own', one)).toBe(instance);
    expect(instance.off('other', one)).toBe(instance);
    expect(instance.emit('own')).toBe(instance);
    expect(heard).toEqual(['one', 'two', 'one']);
  });

  test('get the arguments, and the instance as `this`', async () => {
    const { instance } = await setUp();
    const heard: unknown[] = [];
    function listener(this: unknown, ...args: readonly unknown[]): void {
      heard.push([this === instance, ...args]);
    }
    instance.on('own', listener);
    instance.once('own', listener);
    instance.emit('own', 1, undefined, 'three');
    expect(heard).toEqual([
      [true, 1, undefined, 'three'],
      [true, 1, undefined, 'three'],
    ]);
  });

  test('that were given twice are called twice, and taken away at once', async () => {
    const { instance } = await setUp();
    let calls = 0;
    const listener = (): void => void (calls += 1);
    instance.on('own', listener).on('own', listener).emit('own');
    expect(calls).toBe(2);
    instance.off('own', listener).emit('own');
    expect(calls).toBe(2);
  });

  test('that were given once are not known to `off`', async () => {
    const { instance } = await setUp();
    let calls = 0;
    const listener = (): void => void (calls += 1);
    instance.once('own', listener).off('own', listener).emit('own').emit('own');
    expect(calls).toBe(1);
  });

  test('that come or go while one of them runs do so for the next time', async () => {
    const { instance } = await setUp();
    const heard: string[] = [];
    const last = (): void => void heard.push('last');
    const late = (): void => void heard.push('late');
    instance.once('own', () => {
      heard.push('first');
      instance.off('own', last).on('own', late);
    });
    instance.on('own', last).emit('own').emit('own');
    expect(heard).toEqual(['first', 'last', 'late']);
  });

  test('that throw are reported, and end this telling, but not the call', async () => {
    const { instance, told, reports } = await setUp();
    const heard: string[] = [];
    const cause = new Error('no');
    instance.on('track', () => {
      throw cause;
    });
    instance.on('track', () => heard.push('second'));
    await expect(instance.track('E')).resolves.toMatchObject({ event: { event: 'E' } });
    expect(instance.emit('track')).toBe(instance);
    expect(heard).toEqual([]);
    expect(told).toHaveLength(2);
    expect(reports).toEqual(Array.from({ length: 2 }, () => ['Listener of a plugin', cause]));
  });
});
