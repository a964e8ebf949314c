import type { Arguments, Fields } from './arguments.ts';
import type { EventMethod } from './calls.ts';
import type { Identity } from './identity.ts';
import type { Instance, Listener } from './instance.ts';
import { METHODS } from './plugin.ts';
import type { DraftEvent } from './snapshot.ts';

/** The wrapped SDK's `Analytics`, as far as its plugins use it. */
interface PluginInstance extends Instance {
  on(name: string, listener: Listener): PluginInstance;
  once(name: string, listener: Listener): PluginInstance;
  off(name: string, listener: Listener): PluginInstance;
  readonly options: Fields;
  readonly settings: Fields;
  // Private in the types of the wrapped SDK, but plugins are JavaScript.
  readonly _user: Identity;
  readonly _group: Identity;
}

/** Adds what nobody but a plugin asks of the instance, when the first plugin gets it. */
export function completeInstance(bare: unknown): unknown {
  if (!isBare(bare)) return bare;
  const { callbacks, eventFactory, integrations } = bare;
  const instance: PluginInstance = Object.assign(bare, {
    on(name: string, listener: Listener) {
      callbacks[name] = [...(callbacks[name] ?? []), listener];
      return instance;
    },
    once(name: string, listener: Listener) {
      const own: Listener = (...args) => {
        instance.off(name, own);
        listener.apply(instance, args);
      };
      return instance.on(name, own);
    },
    off(name: string, listener: Listener) {
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

/** As the wrapped SDK's factory takes its arguments: those of the call in their order, its options, and the integrations. */
function makerOf(type: EventMethod, { make }: Instance['eventFactory']): (...args: Arguments) => DraftEvent {
  const count = type === 'page' || type === 'screen' ? 3 : 2;
  return (...args) => {
    const [options, integrations] = args.slice(count);
    return make(type, args, (options ?? {}) as Fields, (integrations ?? {}) as Fields);
  };
}

const isBare = (value: unknown): value is Instance =>
  typeof value === 'object' && value !== null && '_dispatch' in value && !('on' in value);
