// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { PluginContext, SourceMiddleware } from '../../../../src/sdk/plugins/plugin.ts';
import { settled, START_MS } from '../../../fakes/clock.ts';
import { bench } from './bench.ts';
import { pluginOf as plugin } from './setup.ts';

/** The marks that plugins have written on an event so far. */
function marks({ properties }: { readonly properties?: object | undefined }): string {
  const { marks: found } = (properties ?? {}) as { marks?: unknown };
  return typeof found === 'string' ? found : '';
}

describe('without plugins', () => {
  test('an event is handed over inside the call', () => {
    const { call, accepted } = bench();
    const id = call('track', 'Order Placed', { total: 12.5 });
    expect(accepted).toMatchObject([
      {
        type: 'track',
        event: 'Order Placed',
        properties: { total: 12.5 },
        messageId: id,
        anonymousId: 'anonymous-1',
      },
    ]);
  });

  test('each of the six calls is, with time and page of the call', () => {
    const { call, accepted, clock } = bench();
    call('identify', 'u1', { plan: 'pro' });
    call('track', 'E');
    call('page', 'Shoes', 'Home', { a: 1 });
    call('screen', 'Start');
    call('group', 'g1', { name: 'G' });
    call('alias', 'u2');
    expect(accepted.map(({ type }) => type)).toEqual([
      'identify',
      'track',
      'page',
      'screen',
      'group',
      'alias',
    ]);
    expect(accepted).toMatchObject([
      { userId: 'u1', traits: { plan: 'pro' } },
      { userId: 'u1' },
      { category: 'Shoes', name: 'Home', properties: { a: 1, path: '/', url: 'https://shop.example.com/' } },
      { name: 'Start' },
      { groupId: 'g1', traits: { name: 'G' } },
      { userId: 'u2', previousId: 'u1' },
    ]);
    expect(new Set(accepted.map(({ timestamp }) => timestamp))).toEqual(
      new Set([new Date(clock.now()).toISOString()]),
    );
  });

  test('an event keeps the identity that it was made under', () => {
    const { call, accepted, visitor } = bench();
    call('track', 'before');
    call('identify', 'a', { name: 'A' });
    call('track', 'as a');
    call('identify', 'b');
    call('track', 'as b');
    visitor.user.reset();
    call('track', 'after');
    const who = accepted
      .filter(({ type }) => type === 'track')
      .map(({ userId, anonymousId }) => [userId, anonymousId]);
    expect(who).toEqual([
      [undefined, 'anonymous-1'],
      ['a', 'anonymous-1'],
      ['b', 'anonymous-2'],
      [undefined, 'anonymous-3'],
    ]);
  });

  test('ids that look like numbers stay text', () => {
    const { call, accepted } = bench();
    call('identify', 42);
    call('track', 'E');
    call('group', 7);
    call('alias', 43, 42);
    expect(accepted).toMatchObject([
      { userId: '42' },
      { userId: '42' },
      { groupId: '7' },
      { userId: '43', previousId: '42' },
    ]);
  });

  test('what the application gives for a call is used', () => {
    const { call, accepted } = bench();
    call(
      'track',
      'E',
      {},
      { timestamp: new Date(0), anonymousId: 'mine', userId: 'u9', context: { app: 1 }, extra: 2 },
    );
    expect(accepted).toMatchObject([
      {
        timestamp: '1970-01-01T00:00:00.000Z',
        anonymousId: 'mine',
        userId: 'u9',
        context: { app: 1, extra: 2 },
      },
    ]);
  });

  test('an alias of nobody names the anonymous visitor', () => {
    const { call, accepted } = bench();
    call('alias', 'u1');
    expect(accepted).toMatchObject([{ userId: 'u1', previousId: 'anonymous-1' }]);
  });

  test('a call that is none is refused as invalid, and told', async () => {
    const { call, refused, reports, accepted } = bench();
    const ids = [call('track'), call('track', ''), call('track', 7), call('track', { properties: {} })];
    await settled();
    expect(refused).toEqual(ids.map((id) => [id, 'invalid']));
    expect(reports.map(([what]) => what)).toEqual(['track()', 'track()', 'track()', 'track()']);
    call('track', 'good');
    expect(accepted).toHaveLength(1);
  });

  test('the application is called back', async () => {
    const { call } = bench();
    const called: unknown[] = [];
    call('track', 'E', {}, {}, (context: PluginContext) => void called.push(context.event['event']));
    await settled();
    expect(called).toEqual(['E']);
  });

  test('a callback that throws harms nothing', async () => {
    const { call, accepted, refused } = bench();
    call('track', 'E', () => {
      throw new Error('callback');
    });
    await settled();
    expect([accepted.length, refused.length]).toEqual([1, 0]);
  });
});

describe('plugins', () => {
  test('change an event, one after the other, before ones first', async () => {
    const { wrapped, call, accepted } = bench();
    const add =
      (mark: string) =>
      (context: PluginContext): PluginContext => {
        context.updateEvent('properties.marks', marks(context.event) + mark);
        return context;
      };
    await wrapped.register(plugin('c', { hook: add('c') }), plugin('a', { type: 'before', hook: add('a') }));
    await wrapped.register(plugin('d', { hook: add('d') }), plugin('b', { type: 'before', hook: add('b') }));
    call('track', 'E');
    await settled();
    expect(accepted[0]?.properties).toEqual({ marks: 'abcd' });
  });

  test('that are slow do not change the order of the events', async () => {
    const { wrapped, call, names, clock } = bench();
    const waits = [500, 5, 100, 0];
    let calls = 0;
    await wrapped.register(
      plugin('slow', {
        hook: (context) =>
          new Promise((resolve) => {
            clock.after(waits[calls++ % 4] ?? 0, () => resolve(context));
          }),
      }),
    );
    for (const name of ['a', 'b', 'c', 'd']) call('track', name);
    await clock.advance(10_000);
    expect(names()).toEqual(['a', 'b', 'c', 'd']);
  });

  test.each(['before', 'enrichment'] as const)(
    'of type "%s" that throw drop that event, and only that',
    async (type) => {
      const { wrapped, call, names, refused, reports } = bench();
      await wrapped.register(
        plugin('picky', {
          type,
          hook(context) {
            if (context.event['event'] === 'bad') throw new Error('no');
            if (context.event['event'] === 'worse') return Promise.reject(new Error('no'));
            return context;
          },
        }),
      );
      const ids = ['good', 'bad', 'worse', 'fine'].map((name) => call('track', name));
      await settled();
      expect(names()).toEqual(['good', 'fine']);
      expect(refused).toEqual([
        [ids[1], 'before-send'],
        [ids[2], 'before-send'],
      ]);
      expect(reports.map(([what]) => what)).toEqual(['Plugin "picky"', 'Plugin "picky"']);
    },
  );

  test.each(['destination', 'after'] as const)('of type "%s" that throw drop nothing', async (type) => {
    const { wrapped, call, names, refused, reports } = bench();
    await wrapped.register(
      plugin('broken', {
        type,
        hook(context) {
          if (context.event['event'] === 'a') throw new Error('no');
          return Promise.reject(new Error('no'));
        },
      }),
    );
    call('track', 'a');
    call('track', 'b');
    await settled();
    expect(names()).toEqual(['a', 'b']);
    expect(refused).toEqual([]);
    expect(reports).toHaveLength(2);
  });

  test('of type "destination" are told of an event that is on its way, and cannot change it', async () => {
    const { wrapped, call, accepted } = bench();
    const seen: unknown[] = [];
    await wrapped.register(
      plugin('destination', {
        type: 'destination',
        hook(context) {
          seen.push(context.event['event']);
          context.updateEvent('properties.late', true);
          return context;
        },
      }),
    );
    call('track', 'E');
    await settled();
    expect(seen).toEqual(['E']);
    expect(accepted[0]?.properties).toEqual({});
  });

  test('that cancel an event drop it without a report', async () => {
    const { wrapped, call, refused, reports } = bench();
    await wrapped.register(plugin('filter', { hook: (context) => context.cancel() }));
    const id = call('track', 'E');
    await settled();
    expect(refused).toEqual([[id, 'before-send']]);
    expect(reports.filter(([, cause]) => cause instanceof Error)).toEqual([]);
  });

  test.each([
    ['at once', () => undefined],
    ['later', () => Promise.resolve(undefined)],
  ])('that answer nothing %s leave the event as it is', async (_, hook) => {
    const { wrapped, call, names } = bench();
    await wrapped.register(plugin('forgetful', { hook }));
    call('track', 'E');
    await settled();
    expect(names()).toEqual(['E']);
  });

  test('that do not know a call leave it as it is', async () => {
    const { wrapped, call, accepted } = bench();
    const { track, ...without } = plugin('others');
    expect(track).toBeDefined();
    await wrapped.register(without);
    call('track', 'E');
    await settled();
    expect(accepted).toHaveLength(1);
  });

  test('that never answer are given up, and the events behind them arrive', async () => {
    const { wrapped, call, names, clock, refused, reports } = bench();
    await wrapped.register(
      plugin('stuck', {
        hook: (context) => (context.event['event'] === 'a' ? new Promise(() => {}) : context),
      }),
    );
    call('track', 'a');
    call('track', 'b');
    await clock.advance(9_999);
    expect(names()).toEqual([]);
    await clock.advance(1);
    expect(names()).toEqual(['b']);
    expect(refused).toHaveLength(1);
    expect(reports).toHaveLength(1);
    expect(clock.timers()).toEqual([]);
  });

  test('that fail to load are reported, and events pass without them', async () => {
    const { wrapped, call, names, reports } = bench();
    await wrapped.register(
      plugin('rejects', { load: () => Promise.reject(new Error('no')) }),
      plugin('throws', {
        load() {
          throw new Error('no');
        },
      }),
    );
    call('track', 'E');
    await settled();
    expect(names()).toEqual(['E']);
    expect(reports.map(([what]) => what)).toEqual(['Plugin "rejects"', 'Plugin "throws"']);
  });

  test('that never load are given up, and events pass without them', async () => {
    const { wrapped, call, names, clock } = bench();
    void wrapped.register(plugin('stuck', { load: () => new Promise(() => {}) }));
    call('track', 'E');
    await clock.advance(10_000);
    expect(names()).toEqual(['E']);
  });

  test('see the events that are made after register(), also while they load, and none before', async () => {
    const { wrapped, call, accepted, clock } = bench();
    const mark = plugin('mark', {
      load: () =>
        new Promise((resolve) => {
          clock.after(1_000, () => resolve(undefined));
        }),
      hook(context) {
        context.updateEvent('properties.marked', true);
        return context;
      },
    });
    call('track', 'before');
    void wrapped.register(mark);
    call('track', 'while');
    await clock.advance(1_000);
    call('track', 'after');
    await settled();
    void wrapped.deregister('mark');
    call('track', 'without');
    await settled();
    expect(accepted.map(({ event, properties }) => [event, properties?.['marked'] ?? false])).toEqual([
      ['before', false],
      ['while', true],
      ['after', true],
      ['without', false],
    ]);
  });

  test('that do not let go hold up nothing', async () => {
    const { wrapped, call, names, clock } = bench();
    await wrapped.register(plugin('clingy', { unload: () => new Promise(() => {}) }));
    void wrapped.deregister('clingy');
    call('track', 'E');
    await clock.advance(10_000);
    expect(names()).toEqual(['E']);
  });

  test('that are unknown cannot be taken out, which harms nothing', async () => {
    const { wrapped, call, names } = bench();
    await wrapped.deregister('unknown');
    call('track', 'E');
    expect(names()).toEqual(['E']);
  });

  test('may track by themselves, while they load and while an event passes', async () => {
    const { wrapped, call, accepted, clock, names } = bench();
    let track: ((name: string) => unknown) | undefined;
    await wrapped.register(
      plugin('chatty', {
        load(_context, analytics) {
          const { track: own } = analytics as { track(name: string): unknown };
          track = own;
          own('from load');
          return Promise.resolve();
        },
        hook(context) {
          if (context.event['event'] === 'mine') track?.('from hook');
          return context;
        },
      }),
    );
    call('track', 'mine');
    await settled();
    expect(new Set(names())).toEqual(new Set(['from hook', 'from load', 'mine']));
    expect(new Set(accepted.map(({ messageId }) => messageId)).size).toBe(3);
    expect(accepted.map(({ timestamp }) => timestamp)).toEqual(
      Array.from({ length: 3 }, () => new Date(START_MS).toISOString()),
    );
    expect(clock.timers()).toEqual([]);
  });

  test('may wait for what they track themselves', async () => {
    const { wrapped, call, names, clock } = bench();
    let track: ((name: string) => Promise<unknown>) | undefined;
    await wrapped.register(
      plugin('waits for itself', {
        load(_context, analytics) {
          ({ track } = analytics as { track(name: string): Promise<unknown> });
          return Promise.resolve();
        },
        async hook(context) {
          if (context.event['event'] === 'mine') await track?.('own');
          return context;
        },
      }),
    );
    call('track', 'mine');
    call('track', 'next');
    await clock.advance(0);
    expect(new Set(names())).toEqual(new Set(['mine', 'next', 'own']));
  });

  test('are known to be ready', async () => {
    const { wrapped } = bench();
    const order: string[] = [];
    await wrapped.register(
      plugin('late', {
        ready: async () => {
          await settled();
          order.push('plugin');
        },
      }),
    );
    await wrapped.pluginInstance.ready();
    order.push('ready');
    expect(order).toEqual(['plugin', 'ready']);
  });

  test('are waited for until nothing is on its way', async () => {
    const { wrapped, call, names, clock } = bench();
    await wrapped.register(
      plugin('slow', {
        hook: (context) =>
          new Promise((resolve) => {
            clock.after(100, () => resolve(context));
          }),
      }),
    );
    call('track', 'a');
    call('track', 'b');
    let idle = false;
    void wrapped.idle().then(() => (idle = true));
    await clock.advance(100);
    expect(idle).toBe(false);
    await clock.advance(100);
    expect([idle, names()]).toEqual([true, ['a', 'b']]);
  });
});

describe('integrations', () => {
  async function seenBy(
    given: Readonly<Record<string, unknown>>,
    option?: Readonly<Record<string, unknown>>,
  ) {
    const { wrapped, call, accepted } = bench(option);
    const seen: string[] = [];
    const note = (name: string) => (context: PluginContext) => {
      seen.push(name);
      return context;
    };
    await wrapped.register(
      plugin('One', { type: 'destination', hook: note('One') }),
      plugin('Two', { type: 'destination', alternativeNames: ['Zwei'], hook: note('Two') }),
      plugin('Enriching', { hook: note('Enriching') }),
    );
    call('track', 'E', {}, { integrations: given });
    await settled();
    return { seen, integrations: accepted[0]?.['integrations'] };
  }

  test.each([
    [{}, ['Enriching', 'One', 'Two']],
    [{ One: false }, ['Enriching', 'Two']],
    [{ Zwei: false }, ['Enriching', 'One']],
    [{ All: false }, ['Enriching']],
    [{ All: false, Two: true }, ['Enriching', 'Two']],
    [{ All: false, One: { sessionId: 1 } }, ['Enriching', 'One']],
  ])('%j keep an event from destinations, and from nobody else', async (given, seen) => {
    expect((await seenBy(given)).seen).toEqual(seen);
  });

  test('of the options hold for each event, and travel with it', async () => {
    const { seen, integrations } = await seenBy({ Two: true }, { All: false });
    expect(seen).toEqual(['Enriching', 'Two']);
    expect(integrations).toEqual({ All: false, Two: true });
  });
});

describe('source middleware', () => {
  test('sees an event before it is handed over, and may change it', async () => {
    const { wrapped, call, accepted } = bench();
    await wrapped.addSourceMiddleware(({ payload, next }) => {
      payload.obj.context = { ...payload.obj.context, seen: true };
      next(payload);
    });
    call('track', 'E', { a: 1 });
    await settled();
    expect(accepted).toMatchObject([{ event: 'E', properties: { a: 1 }, context: { seen: true } }]);
  });

  test('drops an event by not going on', async () => {
    const { wrapped, call, refused, reports, names } = bench();
    await wrapped.addSourceMiddleware(({ payload, next }) => {
      if (payload.obj['event'] !== 'secret') next(payload);
    });
    const ids = ['a', 'secret', 'b'].map((name) => call('track', name));
    await settled();
    expect(names()).toEqual(['a', 'b']);
    expect(refused).toEqual([[ids[1], 'before-send']]);
    expect(reports).toEqual([]);
  });

  test('sees every one of the six calls', async () => {
    const { wrapped, call } = bench();
    const seen: string[] = [];
    await wrapped.addSourceMiddleware(({ payload, next }) => {
      seen.push(payload.obj.type);
      next(payload);
    });
    for (const method of ['track', 'page', 'screen', 'identify', 'group', 'alias'] as const)
      call(method, 'x');
    await settled();
    expect(seen).toEqual(['track', 'page', 'screen', 'identify', 'group', 'alias']);
  });

  test('that throws drops that event only', async () => {
    const { wrapped, call, names, refused, reports } = bench();
    await wrapped.addSourceMiddleware(({ payload, next }) => {
      if (payload.obj['event'] === 'bad') throw new Error('no');
      next(payload);
    });
    for (const name of ['a', 'bad', 'b']) call('track', name);
    await settled();
    expect(names()).toEqual(['a', 'b']);
    expect([refused.length, reports.length]).toEqual([1, 1]);
  });

  test('may take its time, and several keep their order', async () => {
    const { wrapped, call, accepted, clock } = bench();
    const add =
      (mark: string) =>
      async ({ payload, next }: Parameters<SourceMiddleware>[0]) => {
        await new Promise<void>((resolve) => {
          clock.after(50, resolve);
        });
        const { properties } = payload.obj;
        payload.obj.properties = { ...properties, marks: marks(payload.obj) + mark };
        next(payload);
      };
    await wrapped.addSourceMiddleware(add('1'));
    await wrapped.addSourceMiddleware(add('2'));
    call('track', 'a');
    call('track', 'b');
    await clock.advance(1_000);
    expect(accepted.map(({ event, properties }) => [event, properties?.['marks']])).toEqual([
      ['a', '12'],
      ['b', '12'],
    ]);
  });

  test('is in force for calls that are made while it loads', async () => {
    const { wrapped, call, names } = bench();
    const added = wrapped.addSourceMiddleware(() => undefined);
    call('track', 'E');
    await added;
    await settled();
    expect(names()).toEqual([]);
  });
});

describe('listeners', () => {
  test('are told of calls as in the wrapped SDK', async () => {
    const { call, told, wrapped } = bench();
    call('track', 'a', { b: 1 });
    call('identify', 'u1', { plan: 'pro' });
    await settled();
    wrapped.pluginInstance.reset();
    const heard = told.map(([name, args]) => [name, args.slice(0, 2)]);
    expect(heard).toContainEqual(['track', ['a', { b: 1 }]]);
    expect(heard).toContainEqual(['identify', ['u1', { plan: 'pro' }]]);
    expect(heard).toContainEqual(['reset', []]);
  });

  test('of a plugin that throw are reported, and harm no event', async () => {
    const { wrapped, call, names, refused, reports } = bench();
    await wrapped.register(
      plugin('listening', {
        load(_context, analytics) {
          (analytics as { on(name: string, listener: () => never): void }).on('track', () => {
            throw new Error('no');
          });
          return Promise.resolve();
        },
      }),
    );
    call('track', 'E');
    await settled();
    expect([names(), refused]).toEqual([['E'], []]);
    expect(reports).toHaveLength(1);
  });
});
