import type { EventMethod } from '../event/call.ts';
import type { DraftEvent, PluginEvent } from '../event/draft-event.ts';

/** One event on its way. */
export interface EventContext {
  event: PluginEvent;
  /** Tells it from others of its page. */
  readonly id: string;
}

/** One event on its way through the plugins. The wrapped SDK's `Context`, as far as plugins use it. */
export interface PluginContext extends EventContext {
  updateEvent(path: string, value: unknown): PluginEvent;
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string, extras?: object): void;
  /** Drops the event. */
  cancel(error?: unknown): never;
}

/**
 * A plugin of the wrapped SDK. `before` and `enrichment` may change the event, or drop it by throwing; `destination` and
 * `after` are told once it is on its way, and cannot stop it.
 * https://docs.customer.io/integrations/data-in/connections/javascript/
 */
export interface Plugin {
  readonly name: string;
  readonly alternativeNames?: readonly string[];
  readonly type: 'before' | 'enrichment' | 'destination' | 'after' | 'utility';
  readonly version: string;
  isLoaded(): boolean;
  load(context: PluginContext, analytics: unknown): Promise<unknown>;
  unload?(context: PluginContext, analytics: unknown): unknown;
  ready?(): Promise<unknown>;
  track?(context: PluginContext): PluginContext | Promise<PluginContext>;
  page?(context: PluginContext): PluginContext | Promise<PluginContext>;
  screen?(context: PluginContext): PluginContext | Promise<PluginContext>;
  identify?(context: PluginContext): PluginContext | Promise<PluginContext>;
  group?(context: PluginContext): PluginContext | Promise<PluginContext>;
  alias?(context: PluginContext): PluginContext | Promise<PluginContext>;
}

/** Changes an event before it is sent, or drops it. */
export type SourceMiddleware = (params: {
  /** A facade of `@segment/facade` around the event. */
  readonly payload: { readonly obj: DraftEvent };
  readonly integrations: Record<string, unknown>;
  next(payload: unknown): void;
}) => void | Promise<void>;

/** What may be registered: source middleware becomes a plugin. */
export type NewPlugin = Plugin | { readonly middleware: SourceMiddleware };

/** The six calls that make an event, each of which a plugin may have a method for. */
export const METHODS: readonly EventMethod[] = ['track', 'page', 'screen', 'identify', 'group', 'alias'];

/** Whether an event's `integrations` let this destination have it. The plugin's own name beats `All`. */
export function isAllowed(plugin: Plugin, integrations: unknown): boolean {
  if (plugin.type !== 'destination') return true;
  const said = (integrations ?? {}) as Record<string, unknown>;
  const alternative = plugin.alternativeNames?.map((name) => said[name]).find((value) => value !== undefined);
  return (said[plugin.name] ?? alternative ?? said['All']) !== false;
}
