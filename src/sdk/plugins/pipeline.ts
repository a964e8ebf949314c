import type { Clock } from '../browser.ts';
import { completeContext, isContext } from './event-context.ts';
import { completeInstance } from './plugin-instance.ts';
import {
  type EventContext,
  isAllowed,
  METHODS,
  type Plugin,
  type PluginContext,
  type NewPlugin,
  type SourceMiddleware,
} from './plugin.ts';
import type { PluginEvent } from '../event/draft-event.ts';

/** Leads events through plugins. Pages without plugins do not load this file. */
export interface Pipeline {
  /** Runs the plugins `before` and `enrichment`. Resolves with the changed context, or undefined where a plugin has dropped the event. */
  through(context: EventContext): Promise<PluginContext | undefined>;
  /** Gives an event that has passed to the plugins `destination` and `after`, without waiting for them. */
  tell(context: PluginContext): void;
  /**
   * Runs `through`. Then calls `accept` of `waiting` with the changed event and runs `tell`, or calls `refuse` where a plugin has
   * dropped the event. Resolves with the context that the callback of the call gets.
   */
  lead<Ticket>(
    context: EventContext,
    ticket: Ticket,
    waiting: { accept(ticket: Ticket, event: PluginEvent): void; refuse(ticket: Ticket): void },
  ): Promise<EventContext>;
  register(plugin: NewPlugin, analytics: unknown): Promise<void>;
  deregister(name: string, analytics: unknown): Promise<void>;
}

export interface PipelineNeeds {
  readonly clock: Clock;
  readonly plugins: Plugin[];
  /** Called when code of a plugin throws, rejects or does not settle in time. `what` names that code. */
  report(what: string, cause: unknown): void;
}

/** A plugin whose promise takes longer counts as failed. Customer.io's SDK waits as long for `load`. */
const PATIENCE_MS = 10_000;

export function createPipeline({ clock, plugins, report }: PipelineNeeds): Pipeline {
  const reportPlugin = (name: string, cause: unknown): void => report(`Plugin "${name}"`, cause);

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

  const pipeline: Pipeline = {
    async through(context) {
      let current = completeContext(context);
      for (const kind of ['before', 'enrichment']) {
        for (const plugin of plugins.filter((each) => each.type === kind)) {
          try {
            const answer = await ask(plugin, current);
            if (isContext(answer)) current = answer;
          } catch (cause) {
            if (!isCancellation(cause)) reportPlugin(plugin.name, cause);
            return undefined;
          }
        }
      }
      return current;
    },
    tell(context) {
      for (const plugin of plugins) {
        if (plugin.type !== 'destination' && plugin.type !== 'after') continue;
        if (!isAllowed(plugin, context.event.integrations)) continue;
        ask(plugin, context).catch((cause: unknown) => {
          if (!isCancellation(cause)) reportPlugin(plugin.name, cause);
        });
      }
    },
    async lead(context, ticket, { accept, refuse }) {
      // A turn of the microtask queue before the plugins: the order in which listeners of several calls run depends on it.
      await Promise.resolve();
      const passed = await pipeline.through(context);
      if (!passed) {
        refuse(ticket);
        return context;
      }
      accept(ticket, passed.event);
      pipeline.tell(passed);
      return passed;
    },
    async register(added, analytics) {
      let plugin = added as Plugin;
      try {
        if ('middleware' in added) plugin = pluginOf(added.middleware);
        await patiently(plugin.load(systemContext(), completeInstance(analytics, report)));
        plugins.push(plugin);
      } catch (cause) {
        reportPlugin(plugin?.name, cause);
      }
    },
    async deregister(name, analytics) {
      for (const plugin of plugins.filter((each) => each.name === name)) {
        plugins.splice(plugins.indexOf(plugin), 1);
        try {
          await patiently(plugin.unload?.(systemContext(), analytics));
        } catch (cause) {
          reportPlugin(name, cause);
        }
      }
    },
  };
  return pipeline;
}

/** The first load imports this file by this name. All lazy files share it, because a repeated name costs few bytes. */
export { createPipeline as create };

/** The context that `load` and `unload` of a plugin get, which belongs to no event. */
const systemContext = (): PluginContext =>
  completeContext({ event: { type: 'track', event: 'system' }, id: 'system' });

function pluginOf(middleware: SourceMiddleware): Plugin {
  if (typeof middleware !== 'function') throw new TypeError('Middleware must be a function');
  const plugin: { -readonly [Key in keyof Plugin]: Plugin[Key] } = {
    name: `Source Middleware ${middleware.name}`,
    type: 'before',
    version: '0.1.0',
    isLoaded: () => true,
    async load() {
      // The facade that middleware needs is larger than the rest of this file, and few pages need it.
      const { applyMiddleware } = await import('./source-middleware.ts');
      // All six types: in Customer.io's SDK, middleware does not get `screen` events.
      for (const method of METHODS) plugin[method] = (context) => applyMiddleware(middleware, context);
    },
  };
  return plugin;
}

function hookOf(plugin: Plugin, event: PluginEvent): Plugin['track'] {
  const name = METHODS.find((method) => method === event.type);
  return name && plugin[name];
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function';

/** A plugin that drops an event on purpose throws a `ContextCancelation` of Customer.io's SDK, recognised by its shape. */
const isCancellation = (cause: unknown): boolean =>
  typeof cause === 'object' &&
  cause !== null &&
  !(cause instanceof Error) &&
  'retry' in cause &&
  'type' in cause;
