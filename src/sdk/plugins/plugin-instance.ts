import type { Arguments, Fields } from '../event/arguments.ts';
import type { EventMethod } from '../event/call.ts';
import type { StoredUser } from '../identity/stored-user.ts';
import type { Instance, InstanceListener } from '../customerio/contract.ts';
import { METHODS } from './plugin.ts';
import type { DraftEvent } from '../event/draft-event.ts';

/** The wrapped SDK's `Analytics`, as far as its plugins use it. */
interface PluginInstance extends Instance {
  on(name: string, listener: InstanceListener): PluginInstance;
  once(name: string, listener: InstanceListener): PluginInstance;
  off(name: string, listener: InstanceListener): PluginInstance;
  readonly options: Fields;
  readonly settings: Fields;
  // Private in the types of the wrapped SDK, but plugins are JavaScript.
  readonly _user: StoredUser;
  readonly _group: StoredUser;
}

/** Adds to the instance what only plugins use, when the first plugin is loaded. Returns a complete one as it is. */
export function completeInstance(bare: unknown): unknown {
  if (!isBare(bare)) return bare;
  const { callbacks, eventFactory, integrations } = bare;
  const instance: PluginInstance = Object.assign(bare, {
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
    _user: bare.user(),
    _group: bare.group(),
  });
  Object.assign(eventFactory, Object.fromEntries(METHODS.map((type) => [type, makerOf(type, eventFactory)])));
  return instance;
}

/**
 * Makes a method of the wrapped SDK's event factory. Its arguments are those of the call in their order, then the options, then the
 * integrations.
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
