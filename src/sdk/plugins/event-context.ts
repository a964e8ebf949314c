import type { EventContext, PluginContext } from './plugin.ts';
import type { PluginEvent } from '../event/draft-event.ts';

/** The part of `Context` of Customer.io's SDK that a plugin can use. Made only when there is a plugin. */
interface FullContext extends PluginContext {
  logs(): readonly unknown[];
  /** The metrics of Customer.io's SDK. Their methods do nothing here. */
  readonly stats: { increment(): void; gauge(): void };
}

/** Adds to a bare context everything that plugins can use. Returns a complete one as it is. */
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
      // The thrown value is not an Error: by its shape `isCancellation` recognises a drop on purpose, as Customer.io's SDK does.
      throw error ?? { retry: true, type: 'plugin Error', reason: 'Context Cancel' };
    },
    stats: { increment: () => undefined, gauge: () => undefined },
  };
  return context;
}

// Contexts are recognised by their shape: middleware that was loaded later brings its own copy of the classes of Customer.io's SDK.
export const isContext = (value: unknown): value is PluginContext =>
  typeof value === 'object' && value !== null && 'event' in value && 'updateEvent' in value;

function setByPath(event: PluginEvent, path: readonly string[], value: unknown): PluginEvent {
  if (path.some((key) => key === '__proto__' || key === 'constructor' || key === 'prototype')) return event;
  let target = event as unknown as Record<string, unknown>; // the names in the path are the plugin's
  for (const key of path.slice(0, -1)) {
    const next = target[key];
    target = (typeof next === 'object' && next !== null ? next : (target[key] = {})) as typeof target;
  }
  target[path.at(-1) ?? ''] = value;
  return event;
}
