import type { Clock } from '../browser.ts';
import { isAllowed, type Plugin, type PluginContext } from './plugin.ts';
import type { PluginEvent } from './snapshot.ts';

/**
 * The queue given to the wrapped SDK instead of its own (which waits in timers, gives up after 20 seconds and keeps its
 * waiting events in localStorage): an event goes through the plugins and is handed over, in the order of the calls.
 * Without plugins that happens inside the call; with plugins it takes microtasks.
 */
export interface PluginQueue {
  dispatch(context: PluginContext): Promise<PluginContext>;
  register(context: PluginContext, plugin: Plugin, analytics: unknown): Promise<void>;
  deregister(context: PluginContext, plugin: Plugin, analytics: unknown): Promise<void>;
  readonly plugins: Plugin[];
  /** Resolves when nothing is on its way. */
  idle(): Promise<void>;
}

export interface QueueNeeds<Ticket> {
  readonly clock: Clock;
  /** The call that this event comes from, with time and page put on the event. `ours`: made by a plugin, not by the page. */
  claim(event: PluginEvent): { readonly ticket: Ticket; readonly ours: boolean };
  /** Every plugin has passed it. */
  accept(ticket: Ticket, event: PluginEvent): void;
  /** A plugin has dropped it. */
  refuse(ticket: Ticket): void;
  /** A plugin of the application threw, or did not answer. */
  report(plugin: string, cause: unknown): void;
}

/** A plugin that has not answered by then counts as failed; the wrapped SDK waits as long for `load`. */
const PATIENCE_MS = 10_000;

export function createQueue<Ticket>({
  clock,
  claim,
  accept,
  refuse,
  report,
}: QueueNeeds<Ticket>): PluginQueue {
  const plugins: Plugin[] = [];
  // Set while anything is on its way; later events line up behind it.
  let tail: Promise<unknown> | undefined;

  function inLine<T>(task: () => Promise<T>): Promise<T> {
    // Never at once: what a plugin itself makes meanwhile must find the line.
    const done = Promise.resolve(tail).then(task);
    const settled: Promise<unknown> = done
      .catch(() => undefined)
      .then(() => {
        if (tail === settled) tail = undefined;
      });
    tail = settled;
    return done;
  }

  function patiently<T>(answer: T | PromiseLike<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const stop = clock.after(PATIENCE_MS, () => reject(new Error(`no answer in ${PATIENCE_MS} ms`)));
      Promise.resolve(answer).then(resolve, reject).finally(stop);
    });
  }

  async function ask(plugin: Plugin, context: PluginContext): Promise<unknown> {
    const answer = hookOf(plugin, context.event)?.call(plugin, context);
    return isThenable(answer) ? patiently(answer) : answer;
  }

  async function through(context: PluginContext): Promise<PluginContext | undefined> {
    let current = context;
    for (const kind of ['before', 'enrichment']) {
      for (const plugin of plugins.filter((each) => each.type === kind)) {
        try {
          const answer = await ask(plugin, current);
          // Compared by shape: middleware that was loaded later brings its own copy of the wrapped SDK's classes.
          if (isContext(answer)) current = answer;
        } catch (cause) {
          if (!isCancellation(cause)) report(plugin.name, cause);
          return undefined;
        }
      }
    }
    return current;
  }

  function tell(context: PluginContext): void {
    for (const plugin of plugins) {
      if (plugin.type !== 'destination' && plugin.type !== 'after') continue;
      if (!isAllowed(plugin, context.event.integrations)) continue;
      ask(plugin, context).catch((cause: unknown) => {
        if (!isCancellation(cause)) report(plugin.name, cause);
      });
    }
  }

  function dispatch(context: PluginContext): Promise<PluginContext> {
    const { ticket, ours } = claim(context.event);
    if (!tail && !plugins.length) {
      accept(ticket, context.event);
      return Promise.resolve(context);
    }
    const done = inLine(async () => {
      const passed = await through(context);
      if (!passed) {
        refuse(ticket);
        return context;
      }
      accept(ticket, passed.event);
      tell(passed);
      return passed;
    });
    // A plugin that waits for its own event would wait for itself.
    return ours ? Promise.resolve(context) : done;
  }

  return {
    plugins,
    idle: async () => {
      while (tail) await tail;
    },
    dispatch,
    register: (context, plugin, analytics) =>
      inLine(async () => {
        try {
          await patiently(plugin.load(context, analytics));
          plugins.push(plugin);
        } catch (cause) {
          report(plugin?.name, cause);
        }
      }),
    deregister: (context, plugin, analytics) =>
      inLine(async () => {
        const at = plugins.indexOf(plugin);
        if (at >= 0) plugins.splice(at, 1);
        try {
          await patiently(plugin.unload?.(context, analytics));
        } catch (cause) {
          report(plugin.name, cause);
        }
      }),
  };
}

const HOOKS = ['track', 'page', 'screen', 'identify', 'group', 'alias'] as const;

function hookOf(plugin: Plugin, event: PluginEvent): Plugin['track'] {
  const name = HOOKS.find((hook) => hook === event.type);
  return name && plugin[name];
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function';

const isContext = (value: unknown): value is PluginContext =>
  typeof value === 'object' && value !== null && 'event' in value && 'updateEvent' in value;

/** A plugin that drops an event on purpose throws a ContextCancelation of the wrapped SDK. */
const isCancellation = (cause: unknown): boolean =>
  typeof cause === 'object' &&
  cause !== null &&
  !(cause instanceof Error) &&
  'retry' in cause &&
  'type' in cause;
