import type { TokenEvent } from './auth/contract.ts';
import type { InAppMessageEvent } from './messages/contract.ts';
import type { SdkError } from '../protocol/errors.ts';

/**
 * Why an event will never be delivered. Each dropped event is counted in `stats().dropped` and reported as the event `dropped`.
 *
 * | reason | when | what to do |
 * |---|---|---|
 * | `consent` | consent is denied or withdrawn, or the category `analytics` is off | nothing: this is the visitor's choice |
 * | `invalid` | a call has no event name, or arguments that cannot be serialised | read the `error` event (`plugin-failed`) and correct the call |
 * | `invalid-options` | the options of `createAnalytics` are wrong: every call is dropped | correct the options that the console names |
 * | `before-send` | `beforeSend`, a plugin or source middleware has dropped the event or thrown, or `beforeSend` has returned a promise | nothing, if on purpose; after a throw or a promise an `error` event (`plugin-failed`) has the cause |
 * | `too-large` | the event has more than 32 000 bytes of JSON, or the proxy refuses it with 413 | send fewer or shorter properties |
 * | `rejected` | the proxy or Customer.io refuses this event, and accepts others | read the log of the proxy; correct the call |
 * | `outbox-full` | more than `outbox.maxEvents` or `outbox.maxBytes` wait: the oldest event is dropped | restore the connection to the proxy, or raise the limits |
 * | `expired` | the event has waited for longer than `outbox.maxAgeMs` | restore the connection to the proxy, or raise the limit |
 * | `storage` | a stored record cannot be read, or the browser had no storage left for the event when the visitor left the page | nothing: the event is lost |
 */
export type DropReason =
  | 'consent'
  | 'invalid'
  | 'invalid-options'
  | 'before-send'
  | 'too-large'
  | 'rejected'
  | 'outbox-full'
  | 'expired'
  | 'storage';

/**
 * - `pending`: the visitor has not decided; calls wait in memory
 * - `granted`: the visitor agrees; events are stored and sent
 * - `denied`: the visitor does not agree; the SDK stores nothing and sends nothing
 */
export type ConsentState = 'pending' | 'granted' | 'denied';

/** The visitor's choices: which categories are on, by the names of the consent platform or your own. */
export type Categories = Readonly<Record<string, boolean>>;

/**
 * The events of the SDK, by name, with the payload that a listener of `Analytics.on` gets. `id` and `ids` are the `messageId`s of
 * events.
 */
export interface AnalyticsEvents {
  /** The SDK has written events to IndexedDB: from now on they survive a crash of the browser. Nothing to do. */
  stored: { readonly ids: readonly string[] };
  /** The proxy has accepted events. `attempts`: the number of requests that were needed, 1 or more. Nothing to do. */
  delivered: { readonly ids: readonly string[]; readonly attempts: number };
  /**
   * A request has failed. The SDK keeps the events of the request, and sends them again.
   *
   * - `attempt`: the number of requests with these events so far
   * - `delayMs`: the wait before the next request, in milliseconds
   * - `status`: the HTTP status of the response; 0 when there was none
   */
  retrying: {
    readonly ids: readonly string[];
    readonly attempt: number;
    readonly delayMs: number;
    readonly status: number;
  };
  /**
   * An event will never be delivered; `DropReason` lists what to do about each `reason`. `status`: the HTTP status of the response,
   * if a response of the proxy was the reason.
   */
  dropped: { readonly id: string; readonly reason: DropReason; readonly status?: number };
  /**
   * Requests get no response although the browser is online, for example because of a content blocker. Emitted once per page. The
   * SDK keeps the events, and tries again. Give the proxy a URL on the origin of the page. `failures`: the number of failed
   * requests in a row.
   */
  blocked: { readonly failures: number };
  /** The state of consent or the visitor's choices have changed. `categories` is empty if there are no categories. */
  consent: { readonly state: ConsentState; readonly categories: Categories };
  /** The visitor's ids have changed, in this tab or in another. `null`: the visitor has no such id. */
  identity: { readonly userId: string | null; readonly anonymousId: string | null };
  /** The state of the customer token has changed. The payload never contains the token. */
  token: TokenEvent;
  /** Something has happened to an in-app message: it was shown, dismissed or clicked, or could not be drawn. */
  message: InAppMessageEvent;
  /**
   * An error that the application or its operator can correct: `SdkErrorCode` lists what to do about each `code`. Without a
   * listener, the SDK logs the first error of each code on a page with `console.warn`.
   */
  error: SdkError;
}

/** The names of the SDK's own events, for `Analytics.on`. */
export type EventName = keyof AnalyticsEvents;
export type Listener<Payload> = (payload: Payload) => void;

/** Calls listeners by name. Its types are loose: `Analytics.on` and `CoreNeeds.emit` define the payload of each name. */
export interface Emitter {
  /** Returns a function that removes the listener. */
  on(name: string, listener: (...args: never[]) => void): () => void;
  /** Calls the listener at the next event of this name only. */
  once(name: string, listener: (...args: never[]) => void): void;
  /** Removes every registration of this listener, those of `once` too. */
  off(name: string, listener: (...args: never[]) => void): void;
  /**
   * Calls the listeners of this name. When a listener throws, `onFailure` gets the cause and the others still run. Returns the
   * number of listeners; undefined if there has never been one.
   */
  emit(name: string, ...args: readonly unknown[]): number | undefined;
}

export function createEmitter(onFailure: (name: string, cause: unknown) => void): Emitter {
  type Any = (...args: readonly unknown[]) => void;
  /** Each registration is a list of its own: the same function registered twice is called twice, and removed one by one. */
  type Registration = readonly [listener: Any, isOnce: boolean | undefined];
  const listeners = new Map<string, Set<Registration>>();
  const add = (name: string, listener: unknown, isOnce?: boolean): (() => void) => {
    const own: Registration = [listener as Any, isOnce];
    const set = listeners.get(name) ?? new Set();
    listeners.set(name, set.add(own));
    return () => set.delete(own);
  };
  return {
    on: (name, listener) => add(name, listener),
    once: (name, listener) => void add(name, listener, true),
    off(name, listener) {
      const set = listeners.get(name);
      for (const own of set ?? []) if (own[0] === listener) set?.delete(own);
    },
    emit(name, ...args) {
      const set = listeners.get(name);
      const count = set?.size;
      for (const own of [...(set ?? [])]) {
        const [listener, isOnce] = own;
        // A listener before this one may have emitted the same event.
        if (isOnce && !set?.delete(own)) continue;
        try {
          listener(...args);
        } catch (cause) {
          onFailure(name, cause);
        }
      }
      return count;
    },
  };
}
