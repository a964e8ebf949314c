import { Analytics } from '@customerio/cdp-analytics-browser';
import type { Clock } from '../browser.ts';
import type { Categories } from '../events.ts';
import type { Identity, User } from './identity.ts';
import type { Plugin, SourceMiddleware } from './plugin.ts';
import { createQueue } from './queue.ts';
import { type PluginEvent, type Library, type Snapshot, stamp } from './snapshot.ts';

/** The six calls that make an event. */
export type EventMethod = 'track' | 'page' | 'screen' | 'identify' | 'group' | 'alias';

/** One call of the application, as it was made. */
export interface Call {
  readonly id: string;
  readonly method: EventMethod;
  /** Already a copy that JSON can hold; functions stand for callbacks. */
  readonly args: readonly unknown[];
  readonly snapshot: Snapshot;
}

/** The wrapped SDK with its sender, queue, storage and settings taken away. */
export interface Wrapped {
  /** Makes the event of a call; `accept` or `refuse` says what became of it. */
  run(call: Call): void;
  user(): User;
  group(): User;
  /** Without an id: the one that there is. */
  setAnonymousId(id?: string): string | null | undefined;
  reset(): void;
  register(...plugins: readonly Plugin[]): Promise<void>;
  deregister(...names: readonly string[]): Promise<void>;
  addSourceMiddleware(middleware: SourceMiddleware): Promise<void>;
  ready(): Promise<void>;
  /** Resolves when no event is on its way through a plugin. */
  idle(): Promise<void>;
}

export interface WrappedNeeds {
  readonly clock: Clock;
  readonly library: Library;
  readonly user: Identity;
  readonly group: Identity;
  readonly integrations: Readonly<Record<string, unknown>>;
  /** For events that a plugin makes by itself. */
  newCall(): Pick<Call, 'id' | 'snapshot'>;
  accept(id: string, draft: PluginEvent): void;
  refuse(id: string, reason: 'invalid' | 'before-send' | 'consent'): void;
  /** Which of the visitor's choices are on; empty where that is not known. */
  categories(): Categories;
  report(what: string, cause: unknown): void;
  /** Events of the wrapped SDK itself: `track`, `page`, `identify`, `reset` … */
  tell(name: string, args: readonly unknown[]): void;
}

export function createWrapped(needs: WrappedNeeds): Wrapped {
  const { user, group, refuse, report } = needs;
  // The call whose event the factory is making: it comes back in `claim`, in the same task.
  let current: Pick<Call, 'id' | 'snapshot'> | undefined;

  const queue = createQueue<string>({
    clock: needs.clock,
    claim(event) {
      const ours = current === undefined;
      const { id, snapshot } = current ?? needs.newCall();
      current = undefined;
      const categories = needs.categories();
      if (categories['analytics'] === false) {
        refuse(id, 'consent');
        return undefined;
      }
      event.messageId = id;
      stamp(event, snapshot, needs.library, categories);
      if (event.type === 'alias') event.previousId ??= user.id() ?? user.anonymousId();
      return { ticket: id, ours };
    },
    accept: needs.accept,
    refuse: (id) => refuse(id, 'before-send'),
    report: (plugin, cause) => report(`Plugin "${plugin}"`, cause),
  });

  type Arguments = ConstructorParameters<typeof Analytics>;
  const analytics = new Analytics(
    { writeKey: '' },
    {
      integrations: needs.integrations as NonNullable<NonNullable<Arguments[1]>['integrations']>,
      useQueryString: false, // I24: ?ajs_uid= would let a link sign its reader in as somebody else
      disableClientPersistence: true,
    },
    // The parameters are classes with private fields; these three have every method that the wrapped SDK calls.
    queue as unknown as Arguments[2],
    user as unknown as Arguments[3],
    group as unknown as Arguments[4],
  );

  const emit = analytics.emit.bind(analytics);
  analytics.emit = (name, ...args) => {
    needs.tell(name, args);
    try {
      return emit(name, ...args);
    } catch (cause) {
      // A plugin has listened, and must not take the call with it.
      report('Listener of a plugin', cause);
      return analytics;
    }
  };

  const each =
    <Given>(change: (given: Given, analytics: unknown) => Promise<void>) =>
    async (...given: readonly Given[]): Promise<void> => {
      await Promise.all(given.map((one) => change(one, analytics)));
    };
  const register = each(queue.register);
  const deregister = each(queue.deregister);
  const ready = async (): Promise<void> => {
    await queue.idle();
    await Promise.all(queue.plugins.map(async (plugin) => plugin.ready?.()));
  };
  // Plugins get the instance, and may register others.
  Object.assign(analytics, { register, deregister, ready });

  return {
    run(call) {
      current = call;
      // The six differ in their arguments, which the application gave and the wrapped SDK checks.
      const method = analytics[call.method] as (...args: readonly unknown[]) => Promise<unknown>;
      const done = method(...call.args);
      const claimed = current === undefined;
      current = undefined;
      done.catch((cause: unknown) => {
        // Thrown before there was an event: `track()` without a name, for one.
        if (!claimed) refuse(call.id, 'invalid');
        report(`${call.method}()`, cause);
      });
    },
    user: () => user,
    group: () => group,
    setAnonymousId: (id) => analytics.setAnonymousId(id),
    reset: () => analytics.reset(),
    register,
    deregister,
    addSourceMiddleware: (middleware) => register({ middleware }),
    ready,
    idle: queue.idle,
  };
}
