import type { Clock, TextStore } from '../browser.ts';
import { ACK_COOKIE_PREFIX } from '../../protocol/wire.ts';

/**
 * Names of requests. Where page and proxy share an origin, the answer to a named request sets a cookie with this name, even when the
 * page has left. The next page finds in localStorage which events the request had (`departed-requests.ts`).
 */
export interface Acknowledgements {
  /**
   * Returns a name for a request with these events, and stores both for the next page; undefined if the browser cannot store
   * them.
   */
  begin(ids: readonly string[]): string | undefined;
  /** Deletes the name, because this page knows the outcome of the request. */
  end(name: string): void;
  /** See {@link takeAcknowledgement}. */
  take(name?: string): boolean;
}

/** Reads and writes `document.cookie`. */
export interface AcknowledgementJar {
  read(): string;
  write(cookie: string): void;
}

/** Returns whether there is the cookie of a request of this name, or, without a name, of any request. Deletes such cookies. */
export function takeAcknowledgement(jar: AcknowledgementJar, name = '\\w+'): boolean {
  const found = jar.read().match(RegExp(`${ACK_COOKIE_PREFIX}${name}=`, 'g'));
  found?.forEach((cookie) => jar.write(`${cookie};Path=/;Max-Age=0`));
  return Boolean(found);
}

export function createAcknowledgements(
  local: TextStore,
  scope: string,
  page: string,
  clock: Clock,
  jar: AcknowledgementJar,
): Acknowledgements {
  const key = `${scope}:left:${page}`;
  const named = new Map<string, readonly string[]>();
  let names = 0;

  return {
    begin(ids) {
      const name = page + ++names;
      // Without the record in localStorage, no page would delete the cookie.
      if (!local.set(key, JSON.stringify([clock.now(), ...named, [name, ids]]))) return undefined;
      named.set(name, ids);
      return name;
    },
    end(name) {
      named.delete(name);
      // The record is deleted with its last request, and not rewritten before: consent may be withdrawn, and nothing may be
      // written then.
      if (!named.size) local.remove(key);
      takeAcknowledgement(jar, name);
    },
    take: (name) => takeAcknowledgement(jar, name),
  };
}
