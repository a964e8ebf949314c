import type { TextStore } from '../browser.ts';
import type { CookieStore } from './cookies.ts';
import { asId } from '../event/ids.ts';
import { toJsonValue } from '../event/to-json-value.ts';

export type Traits = Record<string, unknown>;
type Id = string | null | undefined;
/** The name under which a value is stored; undefined where that value is not stored at all. */
type Key = string | undefined;

/** Names and places of a visitor's (or group's) data, as the wrapped SDK has them. */
export interface IdentityOptions {
  /** Keeps nothing at all, and knows nobody. */
  readonly disable?: boolean;
  /** false: in memory only. */
  readonly persist?: boolean;
  readonly localStorageFallbackDisabled?: boolean;
  readonly cookie?: { readonly key?: string };
  readonly localStorage?: { readonly key?: string };
}

/** What the wrapped SDK, its plugins and the application see of a visitor. The same methods as the wrapped `User`. */
export interface User {
  readonly options: IdentityOptions;
  id(id?: Id): Id;
  anonymousId(id?: Id): Id;
  traits(traits?: Traits | null): Traits | undefined;
  identify(id?: Id, traits?: Traits): void;
  logout(): void;
  reset(): void;
  load(): User;
  save(): boolean;
}

export interface StoredUser extends User {
  /** What the browser keeps of the anonymous id. */
  kept(): string | null | undefined;
  /** Reads the stores again, after another tab has written. */
  reload(): void;
  /** Deletes what it has stored, everywhere. */
  wipe(): void;
}

export interface StoredUserNeeds {
  readonly cookies: CookieStore;
  readonly local: TextStore;
  readonly newId: () => string;
  readonly options: IdentityOptions;
  readonly keys: { readonly id: string; readonly traits: string; readonly anonymous?: string };
}

/**
 * Ids live in memory and are written through to a cookie and to localStorage; the cookie is believed where they differ
 * (the wrapped SDK believes localStorage, which brings a signed-out visitor back on the next sub-domain).
 */
export function createStoredUser({ cookies, local, newId, options, keys }: StoredUserNeeds): StoredUser {
  const { anonymous: anonymousKey } = keys;
  const idKey = options.cookie?.key ?? keys.id;
  const traitsKey = options.localStorage?.key ?? keys.traits;
  const persists = options.persist !== false && !options.disable;
  const inLocal = persists && !options.localStorageFallbackDisabled;

  let id: string | null = null;
  let anonymous: string | null = null;
  let traits: Traits = {};

  const fromCookie = (key: Key): string | null =>
    persists && key !== undefined ? text(cookies.get(key)) : null;
  const fromLocal = (key: Key): string | null => (inLocal && key !== undefined ? text(local.get(key)) : null);

  function write(key: Key, value: string | null): void {
    if (!persists || key === undefined) return;
    if (value === null) cookies.remove(key);
    else cookies.set(key, value);
    if (!inLocal) return;
    if (value === null) local.remove(key);
    else local.set(key, JSON.stringify(value));
  }

  function storeTraits(): void {
    // Where these do not fit, the previous ones must not stand for them.
    if (inLocal && !local.set(traitsKey, JSON.stringify(traits))) local.remove(traitsKey);
  }

  /** Says whether localStorage is behind. Writes nothing: of what another tab is writing, one place may be seen before the other. */
  function load(): boolean | undefined {
    if (!persists) return;
    const anonymousCookie = fromCookie(anonymousKey);
    const localId = fromLocal(idKey);
    const before = `${id} ${anonymous}`;
    // Signed out on another sub-domain: the cookie is gone from all, localStorage only from that one.
    id = fromCookie(idKey) ?? (anonymousCookie ? null : localId);
    anonymous = anonymousCookie ?? fromLocal(anonymousKey);
    const stale = localId !== null && localId !== id;
    const stored = inLocal && !stale ? local.get(traitsKey) : null;
    // A full localStorage keeps no traits; those in memory are still this person's.
    if (stored !== null || before !== `${id} ${anonymous}`) traits = record(stored);
    return stale;
  }

  if (load()) {
    write(idKey, id);
    storeTraits();
  }
  // Renews the cookie's year, and brings both places together.
  if (id) write(idKey, id);
  if (anonymous) write(anonymousKey, anonymous);

  const user: StoredUser = {
    options,
    id(next) {
      if (options.disable) return null;
      if (next !== undefined && next !== id) {
        // Somebody else: nothing of theirs may hang on the previous visitor's anonymous id.
        if (id !== null && next !== null) user.anonymousId(null);
        write(idKey, (id = next));
      }
      return id;
    },
    anonymousId(next) {
      if (options.disable) return null;
      if (!anonymousKey) return undefined;
      const wanted = next === null ? next : (asId(next) ?? anonymous ?? newId());
      if (!wanted || wanted !== anonymous) write(anonymousKey, (anonymous = wanted));
      return anonymous;
    },
    traits(next) {
      if (options.disable) return undefined;
      if (next !== undefined) {
        traits = record(next);
        storeTraits();
      }
      return record(traits);
    },
    identify(next, more = {}) {
      if (options.disable) return;
      const same = id === null || id === next;
      traits = record(same ? { ...traits, ...more } : more);
      if (next) user.id(next);
      storeTraits();
    },
    logout() {
      user.anonymousId(null);
      user.id(null);
      user.traits({});
    },
    reset() {
      user.wipe();
      traits = {};
      id = anonymous = null;
    },
    load: () => user,
    save: () => true,
    kept: () => fromCookie(anonymousKey) ?? fromLocal(anonymousKey),
    reload: load,
    wipe() {
      write(idKey, null);
      write(anonymousKey, null);
      if (inLocal) local.remove(traitsKey);
    },
  };
  return user;
}

/** Ids were written bare, or as JSON by older versions. Anything else is somebody else's. */
function text(stored: string | null): string | null {
  if (!stored?.startsWith('"')) return stored || null;
  try {
    return (JSON.parse(stored) as string) || null; // what begins like that is a text, or no JSON
  } catch {
    return stored;
  }
}

/** A copy, so that no event shares an object with what is remembered. */
function record(value: unknown): Traits {
  try {
    const copy = toJsonValue(typeof value === 'string' ? JSON.parse(value) : value);
    return copy && typeof copy === 'object' && !Array.isArray(copy) ? (copy as Traits) : {};
  } catch {
    return {};
  }
}
