import type { Arguments, Fields } from '../event/arguments.ts';
import type { EventMethod } from '../event/call.ts';
import type { DraftEvent } from '../event/draft-event.ts';
import type { StoredUser } from '../identity/stored-user.ts';
import type { PluginQueue } from '../plugins/contract.ts';
import type { EventContext, NewPlugin } from '../plugins/plugin.ts';

/** A method of the instance that makes an event. Resolves when the event has passed the plugins. */
export type InstanceCall = (...args: Arguments) => Promise<EventContext>;
export type InstanceListener = (...args: unknown[]) => unknown;

/**
 * The wrapped SDK's `Analytics`, as far as the application uses it; `completeInstance` adds what only plugins ask of it. A plugin
 * may put a method of its own in the place of any of these, and every call goes through that from then on.
 */
export interface Instance extends Record<EventMethod, InstanceCall> {
  // Private in the types of the wrapped SDK, but plugins are JavaScript.
  readonly _user: StoredUser;
  readonly _group: StoredUser;
  /** Sets the anonymous id and returns it. Without an argument: returns the current one. */
  setAnonymousId(id?: string): string | null | undefined;
  reset(): void;
  emit(name: string, ...args: unknown[]): Instance;
  register(...plugins: readonly NewPlugin[]): Promise<void>;
  deregister(...names: readonly string[]): Promise<void>;
  ready(): Promise<void>;
  integrations: Fields;
  readonly eventFactory: {
    /**
     * Makes an event.
     * @param values what `read` of the call table returned for the arguments of the call
     * @param integrations which destinations get the event
     */
    make(type: EventMethod, values: Arguments, options: Fields, integrations: Fields): DraftEvent;
  };
  readonly queue: PluginQueue;
  _dispatch(event: DraftEvent, callback?: InstanceListener): Promise<EventContext>;
}
