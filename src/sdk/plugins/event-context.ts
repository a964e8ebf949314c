import type { EventContext, PluginContext } from './plugin.ts';
import type { PluginEvent } from '../event/draft-event.ts';

/** What a plugin of the wrapped SDK may ask of an event on its way: its `Context`, made when there is a plugin. */
interface FullContext extends PluginContext {
  logs(): readonly unknown[];
  /** Metrics, which nobody collects here. */
  readonly stats: { increment(): void; gauge(): void };
}

/** The same event with everything that plugins may ask of it. */
export function completeContext(bare: EventContext): PluginContext {
  if (isContext(bare)) return bare;
  const logs: unknown[] = [];
  const context: FullContext = {
    event: bare.event,
    id: bare.id,
    updateEvent(path, value) {
      const [first, name = ''] = path.split('.');
      const isOff = first === 'integrations' && context.event.integrations?.[name] === false;
      // A destination that the application has switched off stays off.
      return isOff ? context.event : setByPath(context.event, path.split('.'), value);
    },
    log: (level, message, extras) => void logs.push({ level, message, extras }),
    logs: () => logs,
    cancel(error) {
      // No Error: `isCancellation` tells a drop on purpose from a failure by its shape, as the wrapped SDK does.
      throw error ?? { retry: true, type: 'plugin Error', reason: 'Context Cancel' };
    },
    stats: { increment: () => undefined, gauge: () => undefined },
  };
  return context;
}

// Compared by shape: middleware that was loaded later brings its own copy of the wrapped SDK's classes.
export const isContext = (value: unknown): value is PluginContext =>
  typeof value === 'object' && value !== null && 'event' in value && 'updateEvent' in value;

function setByPath(event: PluginEvent, path: readonly string[], value: unknown): PluginEvent {
  if (path.some((key) => key === '__proto__' || key === 'constructor' || key === 'prototype')) return event;
  let target = event as unknown as Record<string, unknown>; // walked by names that only the plugin knows
  for (const key of path.slice(0, -1)) {
    const next = target[key];
    target = (typeof next === 'object' && next !== null ? next : (target[key] = {})) as typeof target;
  }
  target[path.at(-1) ?? ''] = value;
  return event;
}
