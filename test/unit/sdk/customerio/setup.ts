import type { Plugin, PluginContext } from '../../../../src/sdk/plugins/plugin.ts';
import type { PluginEvent } from '../../../../src/sdk/event/draft-event.ts';

/** Makes the context of one event that passes through plugins. */
export function contextOf(event: PluginEvent, id = 'context'): PluginContext {
  const context: PluginContext = {
    event,
    id,
    updateEvent(path, value) {
      return Object.assign(context.event, { [path]: value });
    },
    log: () => undefined,
    cancel(): never {
      // Throws the wrapped SDK's `ContextCancelation`, which is not an Error.
      throw Object.assign(Object.create(null) as object, { retry: false, type: 'plugin Error', reason: '' });
    },
  };
  return context;
}

export const track = (name: string, more: Partial<PluginEvent> = {}): PluginContext =>
  contextOf({ type: 'track', event: name, ...more }, name);

interface PluginOptions extends Partial<Plugin> {
  readonly hook?: (context: PluginContext) => unknown;
}

/** Makes a plugin with the same hook for every call. */
export function pluginOf(name: string, { hook = (context) => context, ...more }: PluginOptions = {}): Plugin {
  const run = hook as NonNullable<Plugin['track']>;
  return {
    name,
    type: 'enrichment',
    version: '1.0.0',
    isLoaded: () => true,
    load: () => Promise.resolve(),
    track: run,
    page: run,
    screen: run,
    identify: run,
    group: run,
    alias: run,
    ...more,
  };
}
