import type { EventMethod } from '../event/call.ts';
import type { DraftEvent, PluginEvent } from '../event/draft-event.ts';

/** An event that the SDK is processing. */
export interface EventContext {
  /** The event, which plugins may change. */
  event: PluginEvent;
  /** Distinguishes the event from others of its page. Not the `messageId`. */
  readonly id: string;
}

/** An event that the plugins are processing: the part of `Context` of Customer.io's SDK that plugins use. */
export interface PluginContext extends EventContext {
  /**
   * Sets a field of the event, by a path such as `properties.total`, and returns the event. Does not change a field below
   * `integrations` of a destination that the application has switched off.
   */
  updateEvent(path: string, value: unknown): PluginEvent;
  /** Adds a line to the log of this context. The SDK does not print this log. */
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string, extras?: object): void;
  /**
   * Drops the event (`before-send`) by throwing. Without `error` there is no `error` event.
   * @throws always: `error`, or a cancellation
   */
  cancel(error?: unknown): never;
}

/**
 * A plugin of Customer.io's SDK. Plugins of the types `before` and `enrichment` may change an event, or drop it by throwing.
 * Plugins of the types `destination` and `after` get the event after that, and cannot stop it.
 * https://docs.customer.io/integrations/data-in/connections/javascript/
 */
export interface Plugin {
  /** Name of the plugin, for `deregister`, `integrations` and messages. */
  readonly name: string;
  /** Other names under which `integrations` can switch the plugin on or off. @default `[]` */
  readonly alternativeNames?: readonly string[];
  /**
   * When the plugin gets an event: `before`, then `enrichment`, then `destination` and `after` in the order of their registration.
   * A `utility` gets none.
   */
  readonly type: 'before' | 'enrichment' | 'destination' | 'after' | 'utility';
  /** Version of the plugin. The SDK does not read it. */
  readonly version: string;
  /** Part of the interface of Customer.io's SDK. This SDK does not call the method: it waits for `load`. */
  isLoaded(): boolean;
  /**
   * Runs once, before the plugin gets events. If the promise rejects, or does not settle within 10 seconds, the SDK does not use
   * the plugin (`plugin-failed`).
   */
  load(context: PluginContext, analytics: unknown): Promise<unknown>;
  /** Runs when the plugin is deregistered. */
  unload?(context: PluginContext, analytics: unknown): unknown;
  /** `Analytics.ready` waits for this promise. */
  ready?(): Promise<unknown>;
  /** Gets each `track` event. Returns the context for the next plugin. */
  track?(context: PluginContext): PluginContext | Promise<PluginContext>;
  /** Gets each `page` event. Returns the context for the next plugin. */
  page?(context: PluginContext): PluginContext | Promise<PluginContext>;
  /** Gets each `screen` event. Returns the context for the next plugin. */
  screen?(context: PluginContext): PluginContext | Promise<PluginContext>;
  /** Gets each `identify` event. Returns the context for the next plugin. */
  identify?(context: PluginContext): PluginContext | Promise<PluginContext>;
  /** Gets each `group` event. Returns the context for the next plugin. */
  group?(context: PluginContext): PluginContext | Promise<PluginContext>;
  /** Gets each `alias` event. Returns the context for the next plugin. */
  alias?(context: PluginContext): PluginContext | Promise<PluginContext>;
}

/**
 * A function that gets each event before it is stored. It calls `next(payload)` to let the event pass, with or without changes. The
 * event is dropped (`before-send`) when the function returns without that call, throws, or takes longer than 10 seconds.
 */
export type SourceMiddleware = (params: {
  /** A facade of `@segment/facade` around the event; `obj` is the event. */
  readonly payload: { readonly obj: DraftEvent };
  /** Always empty. Part of the interface of Customer.io's SDK. */
  readonly integrations: Record<string, unknown>;
  /** Lets the event pass. */
  next(payload: unknown): void;
}) => void | Promise<void>;

/** The argument of `register` inside the SDK: a plugin, or source middleware, which becomes a plugin. */
export type NewPlugin = Plugin | { readonly middleware: SourceMiddleware };

/** The six calls that make an event. A plugin may have a method for each. */
export const METHODS: readonly EventMethod[] = ['track', 'page', 'screen', 'identify', 'group', 'alias'];

/**
 * Whether an event's `integrations` let this destination have the event. The plugin's own name takes precedence over its other
 * names, and these names over `All`.
 */
export function isAllowed(plugin: Plugin, integrations: unknown): boolean {
  if (plugin.type !== 'destination') return true;
  const choices = (integrations ?? {}) as Record<string, unknown>;
  const alternative = plugin.alternativeNames
    ?.map((name) => choices[name])
    .find((value) => value !== undefined);
  return (choices[plugin.name] ?? alternative ?? choices['All']) !== false;
}
