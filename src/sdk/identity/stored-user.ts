import type { TextStore } from '../browser.ts';
import type { CookieStore } from './cookies.ts';
import { asId } from '../event/ids.ts';
import { toJsonValue } from '../event/to-json-value.ts';

/** Traits of a person or group, such as `{ plan: 'pro' }`. */
export type Traits = Record<string, unknown>;
type Id = string | null | undefined;
/** The name under which a value is stored; undefined where the value is not stored. */
type Key = string | undefined;

/** Options of `user` and `group`: where ids and traits are stored, as in Customer.io's SDK. */
export interface IdentityOptions {
  /** `true`: stores no ids and no traits, and events have none. @default false */
  readonly disable?: boolean;
  /** `false`: keeps ids and traits only in memory, until the page ends. @default true */
  readonly persist?: boolean;
  /** `true`: stores ids in cookies alone, and keeps traits in memory. @default false */
  readonly localStorageFallbackDisabled?: boolean;
  /** `key`: name of the cookie with the id, also of its copy in localStorage. @default `ajs_user_id`, `ajs_group_id` */
  readonly cookie?: { readonly key?: string };
  /** `key`: name of the traits in localStorage. @default `ajs_user_traits`, `ajs_group_properties` */
  readonly localStorage?: { readonly key?: string };
}

/**
 * A visitor or a group, for Customer.io's SDK, its plugins and the application. It has the same methods as `User` of Customer.io's
 * SDK. With `disable` all ids are null, and traits undefined.
 */
export interface User {
  /** The options `user` or `group` of `createAnalytics`. */
  readonly options: IdentityOptions;
  /**
   * Sets the id, or removes it with null; returns the current id. If a new id replaces another one, the anonymous id is removed
   * too.
   */
  id(id?: Id): Id;
  /**
   * Sets the anonymous id, or removes it with null; returns the current one, and makes one if there is none. A group has no
   * anonymous id.
   */
  anonymousId(id?: Id): Id;
  /** Replaces the traits, if there is an argument; returns a copy of the current ones. */
  traits(traits?: Traits | null): Traits | undefined;
  /**
   * Sets the id and adds traits. If the id differs from the previous one, the new traits replace all previous traits. Makes no
   * event.
   */
  identify(id?: Id, traits?: Traits): void;
  /** Removes id, anonymous id and traits. */
  logout(): void;
  /** Removes id, anonymous id and traits, and deletes them from cookies and localStorage. */
  reset(): void;
  /** Returns this user: there is nothing to load. Exists for code of Customer.io's SDK. */
  load(): User;
  /** Returns true: every change is stored at once. Exists for code of Customer.io's SDK. */
  save(): boolean;
}

export interface StoredUser extends User {
  /** Reads the anonymous id from the browser's stores: null or undefined where the browser has none. */
  kept(): string | null | undefined;
  /** Reads the stores again, after another tab has written. */
  reload(): void;
  /** Deletes ids and traits from all stores. Those in memory stay. */
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
 * Creates a user whose ids live in memory, and are written through to a cookie and to localStorage. Where the two differ, the
 * cookie wins. (In Customer.io's SDK localStorage wins: a visitor who has signed out is signed in again on the next sub-domain.)
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
    // Where the new traits do not fit into localStorage, the previous ones must not stay there in their place.
    if (inLocal && !local.set(traitsKey, JSON.stringify(traits))) local.remove(traitsKey);
  }

  /**
   * Reads the stores. Returns whether localStorage is older than the cookie. Writes nothing: another tab may have written one of
   * the two places, and be about to write the other.
   */
  function load(): boolean | undefined {
    if (!persists) return;
    const anonymousCookie = fromCookie(anonymousKey);
    const localId = fromLocal(idKey);
    const before = `${id} ${anonymous}`;
    // A sign-out on another sub-domain deletes the cookie for all sub-domains, and localStorage only for that sub-domain.
    id = fromCookie(idKey) ?? (anonymousCookie ? null : localId);
    anonymous = anonymousCookie ?? fromLocal(anonymousKey);
    const stale = localId !== null && localId !== id;
    const stored = inLocal && !stale ? local.get(traitsKey) : null;
    // A full localStorage has no traits. For the same person, the traits in memory are still valid.
    if (stored !== null || before !== `${id} ${anonymous}`) traits = record(stored);
    return stale;
  }

  if (load()) {
    write(idKey, id);
    storeTraits();
  }
  // Writing the ids again restarts the cookie's lifetime, and makes cookie and localStorage equal.
  if (id) write(idKey, id);
  if (anonymous) write(anonymousKey, anonymous);

  const user: StoredUser = {
    options,
    id(next) {
      if (options.disable) return null;
      if (next !== undefined && next !== id) {
        // Another person: their events must not have the anonymous id of the previous person.
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

/** Reads a stored id: bare text, or JSON as older versions have written it. Returns null for an empty one. */
function text(stored: string | null): string | null {
  if (!stored?.startsWith('"')) return stored || null;
  try {
    return (JSON.parse(stored) as string) || null; // JSON that begins with a quotation mark is a text
  } catch {
    return stored;
  }
}

/** Copies traits, also from their JSON, so that no event shares an object with the stored ones. Anything else becomes `{}`. */
function record(value: unknown): Traits {
  try {
    const copy = toJsonValue(typeof value === 'string' ? JSON.parse(value) : value);
    return copy && typeof copy === 'object' && !Array.isArray(copy) ? (copy as Traits) : {};
  } catch {
    return {};
  }
}
