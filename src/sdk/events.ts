import type { TokenEvent } from './auth/contract.ts';
import type { SdkError } from '../protocol/errors.ts';

/** Why an event will never arrive. Each one is counted in `stats().dropped` and told as `dropped`. */
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

/** `pending`: calls wait in memory. `granted`: everything works. `denied`: nothing is kept and nothing is sent. */
export type ConsentState = 'pending' | 'granted' | 'denied';

/** Which of the visitor's choices are on, by the platform's names or your own. */
export type Categories = Readonly<Record<string, boolean>>;

/** What the SDK tells the application. Ids are `messageId`s. */
export interface AnalyticsEvents {
  /** These events now survive the page. */
  stored: { readonly ids: readonly string[] };
  /** The proxy has said that these arrived. `attempts`: requests that it took. */
  delivered: { readonly ids: readonly string[]; readonly attempts: number };
  /** A request failed and will be made again after `delayMs`. `status` is 0 when there was no answer. */
  retrying: {
    readonly ids: readonly string[];
    readonly attempt: number;
    readonly delayMs: number;
    readonly status: number;
  };
  /** This event will never arrive. */
  dropped: { readonly id: string; readonly reason: DropReason; readonly status?: number };
  /** Requests never get an answer although the browser is online, as behind a content blocker. Events are kept. */
  blocked: { readonly failures: number };
  consent: { readonly state: ConsentState; readonly categories: Categories };
  identity: { readonly userId: string | null; readonly anonymousId: string | null };
  /** What becomes of the customer token. Never the token. */
  token: TokenEvent;
  error: SdkError;
}

export type EventName = keyof AnalyticsEvents;
export type Listener<Payload> = (payload: Payload) => void;

/** Untyped inside: `Analytics.on` and `CoreNeeds.emit` say which name goes with which payload. */
export interface Emitter {
  /** The answer stops it. */
  on(name: string, listener: (...args: never[]) => void): () => void;
  /** Says how many listened, if any. A listener that throws goes to `onFailure`; the others still run. */
  emit(name: string, ...args: readonly unknown[]): number | undefined;
}

export function createEmitter(onFailure: (name: string, cause: unknown) => void): Emitter {
  type Any = (...args: readonly unknown[]) => void;
  const listeners = new Map<string, Set<Any>>();
  return {
    on(name, listener) {
      // Each registration is its own, so the same function given twice is called twice and stopped one by one.
      const own: Any = (...args) => (listener as Any)(...args);
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set.add(own));
      return () => set.delete(own);
    },
    emit(name, ...args) {
      const set = listeners.get(name);
      for (const listener of [...(set ?? [])]) {
        try {
          listener(...args);
        } catch (cause) {
          onFailure(name, cause);
        }
      }
      return set?.size;
    },
  };
}
