// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { createPipeline, type Pipeline } from '../../../../src/sdk/plugins/pipeline.ts';
import type { Plugin, PluginContext } from '../../../../src/sdk/plugins/plugin.ts';
import { type FakeClock, fakeClock, settled } from '../../../fakes/clock.ts';
import { contextOf, pluginOf, track } from '../customerio/setup.ts';

interface Bench {
  readonly pipeline: Pipeline;
  readonly clock: FakeClock;
  readonly plugins: Plugin[];
  readonly reports: readonly (readonly [plugin: string, cause: unknown])[];
}

function bench(...plugins: Plugin[]): Bench {
  const clock = fakeClock();
  const reports: (readonly [string, unknown])[] = [];
  const report = (plugin: string, cause: unknown): void => void reports.push([plugin, cause]);
  return { pipeline: createPipeline({ clock, plugins, report }), clock, plugins, reports };
}

const marking =
  (mark: string) =>
  (context: PluginContext): PluginContext => {
    const { marks = '' } = context.event as { readonly marks?: string };
    context.updateEvent('marks', marks + mark);
    return context;
  };
const failing = (): never => {
  throw new Error('no');
};

describe('an event on its way through plugins', () => {
  test('meets those that come before all others first, whatever their order', async () => {
    const { pipeline } = bench(
      pluginOf('enrichment', { hook: marking('2') }),
      pluginOf('before', { type: 'before', hook: marking('1') }),
      pluginOf('enrichment too', { hook: marking('3') }),
    );
    expect((await pipeline.through(track('E')))?.event).toMatchObject({ event: 'E', marks: '123' });
  });

  test('does not meet those that are told afterwards', async () => {
    const { pipeline } = bench(
      pluginOf('destination', { type: 'destination', hook: failing }),
      pluginOf('after', { type: 'after', hook: failing }),
      pluginOf('utility', { type: 'utility', hook: failing }),
    );
    expect((await pipeline.through(track('E')))?.event).toMatchObject({ event: 'E' });
  });

  test.each(['track', 'page', 'screen', 'identify', 'group', 'alias'] as const)(
    'is given to the hook of its kind: %s',
    async (type) => {
      const seen: string[] = [];
      const { pipeline } = bench(
        pluginOf('spy', {
          [type]: (context: PluginContext) => {
            seen.push(context.event.type);
            return context;
          },
        }),
      );
      await pipeline.through(contextOf({ type }));
      expect(seen).toEqual([type]);
    },
  );

  test.each(['constructor', 'load', 'name', 'toString'])(
    'of a kind that is none (%s) meets no hook',
    async (type) => {
      const { pipeline, reports } = bench(pluginOf('spy', { load: failing }));
      expect(await pipeline.through(contextOf({ type }))).toBeDefined();
      expect(reports).toEqual([]);
    },
  );

  test('may be replaced by another one', async () => {
    const other = track('other');
    const { pipeline } = bench(
      pluginOf('replaces', { hook: () => other }),
      pluginOf('marks', { hook: marking('1') }),
    );
    expect(await pipeline.through(track('E'))).toBe(other);
    expect(other.event).toMatchObject({ marks: '1' });
  });

  test.each([undefined, null, 5, 'x', {}, { event: 'x' }, Promise.resolve(undefined)])(
    'stays as it is when a plugin answers %o',
    async (answer) => {
      const { pipeline, reports } = bench(pluginOf('odd', { hook: () => answer }));
      const context = track('E');
      expect(await pipeline.through(context)).toBe(context);
      expect(reports).toEqual([]);
    },
  );

  test.each([
    ['throws', failing],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('is dropped by a plugin that %s, which is reported, and no other plugin sees it', async (_, hook) => {
    const seen: string[] = [];
    const { pipeline, reports } = bench(
      pluginOf('bad', { hook }),
      pluginOf('next', { hook: () => void seen.push('next') }),
    );
    expect(await pipeline.through(track('E'))).toBeUndefined();
    expect([seen, reports]).toEqual([[], [['Plugin "bad"', new Error('no')]]]);
  });

  test('is dropped by a plugin that cancels it, without a report', async () => {
    const { pipeline, reports } = bench(pluginOf('filter', { hook: (context) => context.cancel() }));
    expect(await pipeline.through(track('E'))).toBeUndefined();
    expect(reports).toEqual([]);
  });

  test('is dropped by a plugin that does not answer for 10 s', async () => {
    const { pipeline, reports, clock } = bench(pluginOf('stuck', { hook: () => new Promise(() => {}) }));
    const passed = pipeline.through(track('E'));
    await clock.advance(9_999);
    expect(reports).toEqual([]);
    await clock.advance(1);
    expect(await passed).toBeUndefined();
    expect(reports).toMatchObject([['Plugin "stuck"', { message: 'no answer in 10000 ms' }]]);
    expect(clock.timers()).toEqual([]);
  });
});

describe('those that are told of an event that has passed', () => {
  test('are the destinations that it allows, and whoever comes after', async () => {
    const told: string[] = [];
    const spy = (name: string, type: Plugin['type']): Plugin =>
      pluginOf(name, { type, hook: () => void told.push(name) });
    const { pipeline } = bench(
      spy('One', 'destination'),
      spy('Two', 'destination'),
      spy('After', 'after'),
      spy('Enriching', 'enrichment'),
      spy('Before', 'before'),
    );
    pipeline.tell(track('E', { integrations: { One: false } }));
    await settled();
    expect(told).toEqual(['Two', 'After']);
  });

  test('cannot stop it: what goes wrong with them is reported', async () => {
    const { pipeline, reports, clock } = bench(
      pluginOf('throws', { type: 'destination', hook: failing }),
      pluginOf('rejects', { type: 'after', hook: () => Promise.reject(new Error('later')) }),
      pluginOf('cancels', { type: 'destination', hook: (context) => context.cancel() }),
      pluginOf('hangs', { type: 'destination', hook: () => new Promise(() => {}) }),
    );
    expect(() => pipeline.tell(track('E'))).not.toThrow();
    await clock.advance(10_000);
    expect(reports.map(([what]) => what)).toEqual(
      ['throws', 'rejects', 'hangs'].map((name) => `Plugin "${name}"`),
    );
    expect(clock.timers()).toEqual([]);
  });
});

describe('a plugin', () => {
  test('is one of them when it has loaded', async () => {
    const { pipeline, plugins } = bench();
    let load = (): void => undefined;
    const late = pluginOf('late', {
      load: () =>
        new Promise((resolve) => {
          load = () => resolve(undefined);
        }),
    });
    const registered = pipeline.register(late, {});
    await settled();
    expect(plugins).toEqual([]);
    load();
    await registered;
    expect(plugins).toEqual([late]);
  });

  test.each([
    ['rejects', (): Promise<never> => Promise.reject(new Error('no'))],
    ['throws', failing],
  ])('that %s as it loads is reported, and is none of them', async (_, load) => {
    const { pipeline, plugins, reports } = bench();
    await pipeline.register(pluginOf('bad', { load }), {});
    expect([plugins, reports]).toEqual([[], [['Plugin "bad"', new Error('no')]]]);
  });

  test('that never loads is given up after 10 s', async () => {
    const { pipeline, plugins, reports, clock } = bench();
    const registered = pipeline.register(pluginOf('stuck', { load: () => new Promise(() => {}) }), {});
    await clock.advance(10_000);
    await registered;
    expect([plugins, reports.length, clock.timers()]).toEqual([[], 1, []]);
  });

  test.each([undefined, null, 5, {}])('that is %o is reported, and harms nothing', async (odd) => {
    const { pipeline, plugins, reports } = bench();
    await pipeline.register(odd as Plugin, {});
    expect([plugins, reports.length]).toEqual([[], 1]);
  });

  test('that is taken out is unloaded, and none of them any more', async () => {
    const unloaded: unknown[] = [];
    const plugin = pluginOf('leaving', { unload: (_context, analytics) => void unloaded.push(analytics) });
    const { pipeline, plugins } = bench(plugin, pluginOf('staying'));
    await pipeline.deregister('leaving', 'analytics');
    expect([plugins.map(({ name }) => name), unloaded]).toEqual([['staying'], ['analytics']]);
  });

  test.each([
    ['throws', failing],
    ['rejects', (): Promise<never> => Promise.reject(new Error('no'))],
  ])('that %s as it is unloaded is taken out all the same', async (_, unload) => {
    const plugin = pluginOf('clingy', { unload });
    const { pipeline, plugins, reports } = bench(plugin);
    await pipeline.deregister('clingy', {});
    expect([plugins, reports]).toEqual([[], [['Plugin "clingy"', new Error('no')]]]);
  });

  test('that was never one of them takes no other one out', async () => {
    const { pipeline, plugins } = bench(pluginOf('staying'));
    await pipeline.deregister('unknown', {});
    expect(plugins.map(({ name }) => name)).toEqual(['staying']);
  });
});
