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

/** Leads events through plugins. Sites without any do not load it. */
export interface Pipeline {
  /** Answers what the plugins have left of it, or undefined where one has dropped it. */
  through(context: EventContext): Promise<PluginContext | undefined>;
  /** Tells the destinations of an event that has passed. */
  tell(context: PluginContext): void;
  /** Runs `through`, gives what is left of the event to `waiting`, and then runs `tell`. Returns the event as its call gets it. */
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
  /** A plugin of the application threw, or did not answer. */
  report(plugin: string, cause: unknown): void;
}

/** A plugin that has not answered by then counts as failed; the wrapped SDK waits as long for `load`. */
const PATIENCE_MS = 10_000;

export function createPipeline({ clock, plugins, report }: PipelineNeeds): Pipeline {
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
            if (!isCancellation(cause)) report(plugin.name, cause);
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
          if (!isCancellation(cause)) report(plugin.name, cause);
        });
      }
    },
    async lead(context, ticket, { accept, refuse }) {
      // The turn that waiting for this file took before it was kept: on it hangs whose listeners hear first.
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
    async register(given, analytics) {
      let plugin = given as Plugin;
      try {
        if ('middleware' in given) plugin = pluginOf(given.middleware);
        await patiently(plugin.load(systemContext(), completeInstance(analytics)));
        plugins.push(plugin);
      } catch (cause) {
        report(plugin?.name, cause);
      }
    },
    async deregister(name, analytics) {
      for (const plugin of plugins.filter((each) => each.name === name)) {
        plugins.splice(plugins.indexOf(plugin), 1);
        try {
          await patiently(plugin.unload?.(systemContext(), analytics));
        } catch (cause) {
          report(name, cause);
        }
      }
    },
  };
  return pipeline;
}

/** The first load imports this file by this name. All lazy files share it, because a repeated name costs few bytes. */
export { createPipeline as create };

/** Of no event: what plugins get as they come and go. */
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
      // Its facade weighs more than all the rest and few pages need it.
      const { applyMiddleware } = await import('./source-middleware.ts');
      // The original lets screens pass unseen.
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

/** A plugin that drops an event on purpose throws a ContextCancelation of the wrapped SDK. */
const isCancellation = (cause: unknown): boolean =>
  typeof cause === 'object' &&
  cause !== null &&
  !(cause instanceof Error) &&
  'retry' in cause &&
  'type' in cause;
