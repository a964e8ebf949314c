import type { EventContext, NewPlugin, Plugin } from './plugin.ts';

/**
 * The queue that Customer.io's SDK gets instead of its own (which waits in timers, gives up after 20 seconds and keeps
 * its waiting events in localStorage): each event goes through the plugins and then to the outbox, in the order of the
 * calls. Without plugins that happens inside the call; with plugins it takes microtasks.
 */
export interface PluginQueue {
  /** Leads an event through the plugins. Resolves with the context that the callback of its call gets. */
  dispatch(context: EventContext): Promise<EventContext>;
  register(plugin: NewPlugin, analytics: unknown): Promise<void>;
  deregister(name: string, analytics: unknown): Promise<void>;
  readonly plugins: Plugin[];
  /** Resolves when no event and no plugin is being processed. */
  idle(): Promise<void>;
}
