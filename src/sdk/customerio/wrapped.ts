import type { Clock } from '../browser.ts';
import type { Categories } from '../events.ts';
import type { Call } from '../event/call.ts';
import type { Library, PluginEvent } from '../event/draft-event.ts';
import type { Instance } from './contract.ts';
import { createInstance, type InstanceNeeds } from './instance.ts';
import type { Plugin, SourceMiddleware } from '../plugins/plugin.ts';
import { createPluginQueue } from '../plugins/plugin-queue.ts';
import { enrich } from '../event/enrich.ts';

export type { Call, EventMethod } from '../event/call.ts';

/** The wrapped SDK with its sender, queue, storage and settings taken away. */
export interface Wrapped {
  /** Makes the event of a call, and then calls `accept` or `refuse`. */
  run(call: Call): void;
  /** The same instance that plugins get. A plugin may replace its methods. */
  readonly pluginInstance: Pick<Instance, 'ready' | 'reset' | 'setAnonymousId' | 'track'>;
  register(...plugins: readonly Plugin[]): Promise<void>;
  deregister(...names: readonly string[]): Promise<void>;
  addSourceMiddleware(middleware: SourceMiddleware): Promise<void>;
  /** Resolves when no event is on its way through a plugin. */
  idle(): Promise<void>;
}

export interface WrappedNeeds extends InstanceNeeds {
  readonly clock: Clock;
  readonly library: Library;
  /** Makes id and snapshot of an event that a plugin makes by itself. */
  newCall(): Pick<Call, 'id' | 'snapshot'>;
  accept(id: string, draft: PluginEvent): void;
  refuse(id: string, reason: 'invalid' | 'before-send' | 'consent'): void;
  /** The visitor's choices; empty where there are none. */
  categories(): Categories;
}

export function createWrapped(needs: WrappedNeeds): Wrapped {
  const { user, refuse, report } = needs;
  // The call of `run`, until `claim` gets its event, within the same task.
  let current: Pick<Call, 'id' | 'snapshot'> | undefined;

  const queue = createPluginQueue<string>({
    clock: needs.clock,
    claim(event) {
      const ours = !current;
      const { id, snapshot } = current ?? needs.newCall();
      current = undefined;
      const categories = needs.categories();
      if (categories['analytics'] === false) {
        refuse(id, 'consent');
        return undefined;
      }
      event.messageId = id;
      enrich(event, snapshot, needs.library, categories);
      if (event.type === 'alias') event.previousId ??= user.id() ?? user.anonymousId();
      return { ticket: id, ours };
    },
    accept: needs.accept,
    refuse: (id) => refuse(id, 'before-send'),
    report,
  });

  const instance = createInstance(needs, queue);
  const { register, deregister } = instance;

  return {
    run(call) {
      current = call;
      const done = instance[call.method](...call.args);
      const isClaimed = !current;
      current = undefined;
      done.catch((cause: unknown) => {
        // The call has failed before there was an event, as `track()` without a name does.
        if (!isClaimed) refuse(call.id, 'invalid');
        report(`${call.method}()`, cause);
      });
    },
    pluginInstance: instance,
    register,
    deregister,
    addSourceMiddleware: (middleware) => register({ middleware }),
    idle: queue.idle,
  };
}
