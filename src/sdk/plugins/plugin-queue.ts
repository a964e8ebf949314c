import type { Clock } from '../browser.ts';
import type { PluginQueue } from './contract.ts';
import type { Pipeline } from './pipeline.ts';
import type { EventContext, Plugin } from './plugin.ts';
import type { PluginEvent } from '../event/draft-event.ts';

export interface PluginQueueNeeds<Ticket> {
  readonly clock: Clock;
  /**
   * Finds the call of an event, and puts time and page of that call on the event. `ours`: a plugin has made the event, and no call
   * of the page. Undefined: the visitor does not agree to events.
   */
  claim(event: PluginEvent): { readonly ticket: Ticket; readonly ours: boolean } | undefined;
  /** Called when the event has passed every plugin. */
  accept(ticket: Ticket, event: PluginEvent): void;
  /** Called when a plugin has dropped the event. */
  refuse(ticket: Ticket): void;
  /** Called when code of a plugin throws, rejects or does not settle in time. `what` names that code. */
  report(what: string, cause: unknown): void;
}

export function createPluginQueue<Ticket>(needs: PluginQueueNeeds<Ticket>): PluginQueue {
  const { clock, claim, accept, report } = needs;
  const plugins: Plugin[] = [];
  // The last task of the line, while there is one: later tasks wait for it.
  let tail: Promise<unknown> | undefined;
  let loaded: Promise<Pipeline> | undefined;
  let ready: Pipeline | undefined;

  function inLine<T>(task: () => Promise<T>): Promise<T> {
    // The task starts in a later microtask, after `tail` is set: an event that a plugin makes during the task must wait behind it.
    const done = Promise.resolve(tail).then(task);
    const settled: Promise<unknown> = done
      .catch(() => undefined)
      .then(() => {
        if (tail === settled) tail = undefined;
      });
    tail = settled;
    return done;
  }

  const pipeline = (): Promise<Pipeline> =>
    (loaded ??= import('./pipeline.ts').then(({ create }) => (ready = create({ clock, plugins, report }))));

  const change =
    <How extends 'register' | 'deregister'>(how: How) =>
    (target: Parameters<Pipeline[How]>[0], analytics: unknown): Promise<void> =>
      inLine(async () => {
        try {
          await (await pipeline())[how](target as never, analytics);
        } catch (cause) {
          // The file of the pipeline could not be loaded: events are delivered without plugins.
          report(`Plugin "${(target as Plugin)?.name ?? target}"`, cause);
        }
      });

  return {
    plugins,
    idle: async () => {
      while (tail) await tail;
    },
    dispatch(context) {
      const claimed = claim(context.event);
      if (!claimed) return Promise.resolve(context);
      const { ticket, ours } = claimed;
      const pass = async (): Promise<EventContext> => {
        accept(ticket, context.event);
        return context;
      };
      const lead = (): Promise<EventContext> =>
        ready && plugins.length ? ready.lead(context, ticket, needs) : pass();
      const done = tail || plugins.length ? inLine(lead) : lead();
      // A plugin that waits for its own event would wait without end: the event waits in line behind this plugin.
      return ours ? Promise.resolve(context) : done;
    },
    register: change('register'),
    deregister: change('deregister'),
  };
}
