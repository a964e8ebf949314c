import type { Plugin, PluginContext } from '../../../src/sdk/plugins/plugin.ts';
import { currentPage } from './page.ts';

/** A plugin of the application that delays every event, and does not change it. */
export function slowPlugin(loadMs: number, eventMs: number): Plugin {
  const wait = <T>(ms: number, value: T): Promise<T> =>
    new Promise((resolve) => void currentPage().timer(ms, () => resolve(value)));
  const hook = (context: PluginContext): Promise<PluginContext> => wait(eventMs, context);
  return {
    name: 'slow',
    type: 'enrichment',
    version: '1',
    isLoaded: () => true,
    load: () => wait(loadMs, undefined),
    track: hook,
    page: hook,
    identify: hook,
    group: hook,
  };
}
