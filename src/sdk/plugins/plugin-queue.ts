import type { Clock } from '../browser.ts';
import type { PluginQueue } from './contract.ts';
import type { Pipeline } from './pipeline.ts';
import type { EventContext, Plugin } from './plugin.ts';
import type { PluginEvent } from '../event/draft-event.ts';

export interface PluginQueueNeeds<Ticket> {
  readonly clock: Clock;
  /**
   * The call that this event comes from, with time and page put on the event. `ours`: made by a plugin, not by the page.
   * Undefined: the visitor does not want it made.
   */
  claim(event: PluginEvent): { readonly ticket: Ticket; readonly ours: boolean } | undefined;
  /** Every plugin has passed it. */
  accept(ticket: Ticket, event: PluginEvent): void;
  /** A plugin has dropped it. */
  refuse(ticket: Ticket): void;
  /** A plugin of the application threw, or did not answer. */
  report(plugin: string, cause: unknown): void;
}

export function createPluginQueue<Ticket>(needs: PluginQueueNeeds<Ticket>): PluginQueue {
  const { clock, claim, accept, report } = needs;
  const plugins: Plugin[] = [];
  // Set while anything is on its way; later events line up behind it.
  let tail: Promise<unknown> | undefined;
  let loaded: Promise<Pipeline> | undefined;
  let line: Pipeline | undefined;

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

  const pipeline = (): Promise<Pipeline> =>
    (loaded ??= import('./pipeline.ts').then(({ create }) => (line = create({ clock, plugins, report }))));

  const change =
    <How extends 'register' | 'deregister'>(how: How) =>
    (given: Parameters<Pipeline[How]>[0], analytics: unknown): Promise<void> =>
      inLine(async () => {
        try {
          await (await pipeline())[how](given as never, analytics);
        } catch (cause) {
          report((given as Plugin)?.name ?? given, cause); // its file is missing: events go on without
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
        line && plugins.length ? line.lead(context, ticket, needs) : pass();
      const done = tail || plugins.length ? inLine(lead) : lead();
      // A plugin that waits for its own event would wait for itself.
      return ours ? Promise.resolve(context) : done;
    },
    register: change('register'),
    deregister: change('deregister'),
  };
}
