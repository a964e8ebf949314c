import type { Clock, TextStore } from '../browser.ts';
import { ACK_COOKIE_PREFIX } from '../../protocol/wire.ts';

/**
 * Names of requests. An answer can set a cookie of that name although its page has gone, where both are of one origin; the
 * next page finds in localStorage which events it speaks of (`departed.ts`).
 */
export interface Acknowledgements {
  /** Names a request with these events, and writes that down for the next page; undefined where the browser refuses. */
  begin(ids: readonly string[]): string | undefined;
  /** This page knows what has become of the request: nobody else needs its name. */
  end(name: string): void;
  /** Whether an answer has left this name, or any, in a cookie. Deletes what it finds. */
  take(name?: string): boolean;
}

/** `document.cookie`. */
export interface AcknowledgementJar {
  read(): string;
  write(cookie: string): void;
}

/** Whether an answer has left this name, or any, in a cookie. Deletes what it finds. */
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
      // A cookie of which nothing is written down would be nobody's to delete.
      if (!local.set(key, JSON.stringify([clock.now(), ...named, [name, ids]]))) return undefined;
      named.set(name, ids);
      return name;
    },
    end(name) {
      named.delete(name);
      // Else the record goes with the last of them: nothing may be written where consent was withdrawn meanwhile.
      if (!named.size) local.remove(key);
      takeAcknowledgement(jar, name);
    },
    take: (name) => takeAcknowledgement(jar, name),
  };
}
