// @vitest-environment node
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { PluginQueue } from '../../../../src/sdk/plugins/contract.ts';
import { createPluginQueue } from '../../../../src/sdk/plugins/plugin-queue.ts';
import { type FakeClock, fakeClock } from '../../../fakes/clock.ts';
import { pluginOf, track } from '../customerio/setup.ts';

const PIPELINE = '../../../../src/sdk/plugins/pipeline.ts';

interface Bench {
  readonly queue: PluginQueue;
  readonly clock: FakeClock;
  readonly accepted: readonly unknown[];
  readonly refused: readonly unknown[];
  readonly reports: readonly (readonly [what: string, cause: unknown])[];
  /** The names of events that plugins make. */
  readonly byPlugins: Set<string>;
  dispatch(name: string): Promise<unknown>;
}

function bench(): Bench {
  const clock = fakeClock();
  const accepted: unknown[] = [];
  const refused: unknown[] = [];
  const reports: (readonly [string, unknown])[] = [];
  const byPlugins = new Set<string>();
  const queue = createPluginQueue<string>({
    clock,
    claim: ({ event = '' }) => ({ ticket: event, ours: byPlugins.has(event) }),
    accept: (ticket, event) => void accepted.push([ticket, event.properties?.['mark']]),
    refuse: (ticket) => void refused.push(ticket),
    report: (what, cause) => void reports.push([what, cause]),
  });
  return {
    queue,
    clock,
    accepted,
    refused,
    reports,
    byPlugins,
    dispatch: (name) => queue.dispatch(track(name)),
  };
}

/** The number of imports of the file. */
let loads = 0;
let isMissing = false;

beforeEach(() => {
  loads = 0;
  isMissing = false;
  vi.doMock(PIPELINE, async (original) => {
    loads += 1;
    if (isMissing) throw new TypeError('Failed to fetch dynamically imported module');
    return original();
  });
});

afterEach(() => {
  vi.doUnmock(PIPELINE);
  vi.resetModules();
});

const marking = (mark: string) =>
  pluginOf(mark, {
    hook(context) {
      context.event.properties = { ...context.event.properties, mark };
      return context;
    },
  });

describe('without plugins', () => {
  test('an event is handed over inside the call, and no pipeline is loaded', async () => {
    const { dispatch, accepted, queue } = bench();
    const done = dispatch('a');
    expect(accepted).toEqual([['a', undefined]]);
    expect(await done).toMatchObject({ event: { event: 'a' } });
    await queue.idle();
    expect(loads).toBe(0);
  });
});

describe('with the first plugin', () => {
  test('the pipeline is loaded, once', async () => {
    const { queue, dispatch, accepted } = bench();
    await queue.register(marking('one'), {});
    await queue.register(marking('two'), {});
    await Promise.all([dispatch('a'), dispatch('b')]);
    expect([accepted, loads]).toEqual([
      [
        ['a', 'two'],
        ['b', 'two'],
      ],
      1,
    ]);
  });

  test('events that are made while it loads wait behind it, in order', async () => {
    const { queue, dispatch, accepted } = bench();
    void dispatch('before');
    void queue.register(marking('one'), {});
    const rest = ['a', 'b', 'c'].map(dispatch);
    expect(accepted).toEqual([['before', undefined]]);
    await Promise.all(rest);
    expect(accepted).toEqual([
      ['before', undefined],
      ['a', 'one'],
      ['b', 'one'],
      ['c', 'one'],
    ]);
    await queue.idle();
    void dispatch('later');
    expect(accepted).toHaveLength(4);
  });

  test('an event that it drops is refused, and its promise resolves all the same', async () => {
    const { queue, dispatch, accepted, refused, reports } = bench();
    await queue.register(pluginOf('filter', { hook: (context) => context.cancel() }), {});
    expect(await dispatch('a')).toMatchObject({ event: { event: 'a' } });
    expect([accepted, refused, reports]).toEqual([[], ['a'], []]);
  });

  test('an event that it makes by itself does not wait for itself', async () => {
    const { queue, dispatch, accepted, byPlugins } = bench();
    byPlugins.add('own');
    await queue.register(
      pluginOf('chatty', {
        async hook(context) {
          if (context.event.event === 'a') await dispatch('own');
          return context;
        },
      }),
      {},
    );
    await dispatch('a');
    await queue.idle();
    expect(accepted.map((each) => (each as readonly unknown[])[0])).toEqual(['a', 'own']);
  });

  test('that is taken out, events are handed over inside the call again', async () => {
    const { queue, dispatch, accepted } = bench();
    const plugin = marking('one');
    await queue.register(plugin, {});
    await queue.deregister(plugin.name, {});
    await queue.idle();
    void dispatch('a');
    expect(accepted).toEqual([['a', undefined]]);
  });
});

describe('when the file of the pipeline is missing', () => {
  test('the plugin is reported, and events go on without it, in order', async () => {
    isMissing = true;
    const { queue, dispatch, accepted, refused, reports, clock } = bench();
    void queue.register(marking('one'), {});
    const done = ['a', 'b'].map(dispatch);
    await Promise.all(done);
    expect(accepted).toEqual([
      ['a', undefined],
      ['b', undefined],
    ]);
    expect(reports).toMatchObject([['Plugin "one"', expect.any(Error)]]);
    expect([refused, queue.plugins, clock.timers()]).toEqual([[], [], []]);
    void dispatch('c');
    expect(accepted).toHaveLength(3);
  });

  test.each([undefined, null])('and the plugin is %o, that is reported, too', async (odd) => {
    isMissing = true;
    const { queue, dispatch, accepted, reports } = bench();
    await queue.register(odd as never, {});
    await queue.deregister(odd as never, {});
    await dispatch('a');
    expect([accepted.length, reports.length]).toEqual([1, 2]);
  });
});
