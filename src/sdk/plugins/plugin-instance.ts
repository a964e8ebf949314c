import type { Arguments, Fields } from '../event/arguments.ts';
import type { EventMethod } from '../event/call.ts';
import type { StoredUser } from '../identity/stored-user.ts';
import type { Instance, InstanceCall, InstanceListener } from '../customerio/contract.ts';
import { METHODS } from './plugin.ts';
import type { DraftEvent } from '../event/draft-event.ts';

/** The part of `Analytics` of Customer.io's SDK that its plugins use. */
interface PluginInstance extends Omit<Instance, 'group'> {
  group: (() => StoredUser) & InstanceCall;
  user(): StoredUser;
  readonly callbacks: Record<string, readonly InstanceListener[] | undefined>;
  on(name: string, listener: InstanceListener): PluginInstance;
  once(name: string, listener: InstanceListener): PluginInstance;
  off(name: string, listener: InstanceListener): PluginInstance;
  readonly options: Fields;
  readonly settings: Fields;
}

/**
 * Adds to the instance what only plugins use, when the first plugin is loaded. Returns a complete one as it is.
 * @param report called when a listener of a plugin throws
 */
export function completeInstance(bare: unknown, report: (what: string, cause: unknown) => void): unknown {
  if (!isBare(bare)) return bare;
  const { emit, eventFactory, group, integrations, queue, ready, _group, _user } = bare;
  const callbacks: PluginInstance['callbacks'] = {};
  const instance: PluginInstance = Object.assign(bare, {
    callbacks,
    user: () => _user,
    // This function serves both overloads of `group`.
    group: ((...args) => (args.length ? group(...args) : _group)) as PluginInstance['group'],
    async ready() {
      await ready();
      await Promise.all(queue.plugins.map(async (plugin) => plugin.ready?.()));
    },
    emit(name: string, ...args: unknown[]) {
      emit(name, ...args);
      try {
        callbacks[name]?.forEach((listener) => listener.apply(instance, args));
      } catch (cause) {
        // A listener that throws must not fail the call.
        report('Listener of a plugin', cause);
      }
      return instance;
    },
    on(name: string, listener: InstanceListener) {
      callbacks[name] = [...(callbacks[name] ?? []), listener];
      return instance;
    },
    once(name: string, listener: InstanceListener) {
      const own: InstanceListener = (...args) => {
        instance.off(name, own);
        listener.apply(instance, args);
      };
      return instance.on(name, own);
    },
    off(name: string, listener: InstanceListener) {
      callbacks[name] = callbacks[name]?.filter((each) => each !== listener);
      return instance;
    },
    options: { integrations, useQueryString: false, disableClientPersistence: true },
    settings: { writeKey: '' },
  });
  Object.assign(eventFactory, Object.fromEntries(METHODS.map((type) => [type, makerOf(type, eventFactory)])));
  return instance;
}

/**
 * Makes a method of the event factory of Customer.io's SDK. Its arguments are those of the call in their order, then the options,
 * then the integrations.
 */
function makerOf(type: EventMethod, { make }: Instance['eventFactory']): (...args: Arguments) => DraftEvent {
  const count = type === 'page' || type === 'screen' ? 3 : 2;
  return (...args) => {
    const [options, integrations] = args.slice(count);
    return make(type, args, (options ?? {}) as Fields, (integrations ?? {}) as Fields);
  };
}

const isBare = (value: unknown): value is Instance =>
  typeof value === 'object' && value !== null && '_dispatch' in value && !('on' in value);
