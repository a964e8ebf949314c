import { type Arguments, type Fields, isCallback } from '../event/arguments.ts';
import type { EventMethod } from '../event/call.ts';
import { CALL_TABLE } from './call-table.ts';
import type { Instance, InstanceCall } from './contract.ts';
import { makeEvent } from '../event/make-event.ts';
import type { StoredUser } from '../identity/stored-user.ts';
import type { PluginQueue } from '../plugins/contract.ts';
import type { DraftEvent } from '../event/draft-event.ts';

export interface InstanceNeeds {
  readonly user: StoredUser;
  readonly group: StoredUser;
  readonly integrations: Fields;
  /** Emits an event of the wrapped SDK: `track`, `page`, `identify`, `reset` … */
  tell(name: string, args: Arguments): void;
  report(what: string, cause: unknown): void;
}

/** The last `EventContext.id`: all instances of the page count together. */
let lastId = 0;

export function createInstance(needs: InstanceNeeds, queue: PluginQueue): Instance {
  const { user, group, integrations } = needs;

  const make: Instance['eventFactory']['make'] = (type, values, options, destinations) =>
    makeEvent(user, { type, ...CALL_TABLE[type][1](...values) }, options, destinations);

  const call =
    (type: EventMethod): InstanceCall =>
    async (...args) => {
      const [read, , payload] = CALL_TABLE[type];
      const values = read(args, type === 'group' ? group : user);
      const options = values.at(-1) as Fields; // a value that is no object has no fields
      const made = make(type, values, options, instance.integrations);
      // Listeners run a microtask later than needed, after the callbacks of calls that were made in the same task.
      const context = await instance._dispatch(made, args.find(isCallback)).then();
      const event = context.event as DraftEvent;
      instance.emit(type, ...payload(event, ...values), event['options']);
      return context;
    };

  const instance: Instance = {
    track: call('track'),
    page: call('page'),
    screen: call('screen'),
    identify: call('identify'),
    group: call('group'),
    alias: call('alias'),
    _user: user,
    _group: group,
    setAnonymousId: (id) => user.anonymousId(id),
    reset() {
      user.reset();
      group.reset();
      instance.emit('reset');
    },
    integrations,
    eventFactory: { make },
    queue,
    async _dispatch(event, callback) {
      const context = await queue.dispatch({ event, id: `${++lastId}` });
      if (callback)
        await Promise.resolve(context)
          .then(callback)
          .catch(() => {});
      return context;
    },
    emit(name, ...args) {
      needs.tell(name, args);
      return instance;
    },
    async register(...plugins) {
      await Promise.all(plugins.map((each) => queue.register(each, instance)));
    },
    async deregister(...names) {
      await Promise.all(names.map((each) => queue.deregister(each, instance)));
    },
    ready: queue.idle,
  };
  return instance;
}
