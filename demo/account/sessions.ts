/** Who is signed in, by the cookie of their browser. In memory: whoever stops the shop signs everybody out. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Shopper } from './people.ts';

export interface Sessions {
  /** Ends the session that the browser had. Returns the cookie to set. */
  begin(request: IncomingMessage, shopper: Shopper): string;
  find(request: IncomingMessage): Shopper | undefined;
  /** Returns the cookie that takes the old one away. */
  end(request: IncomingMessage): string;
}

const NAME = 'tarn_session';
const DAY_SECONDS = 86_400;
const MOST_SESSIONS = 1_000;

export function createSessions(): Sessions {
  const sessions = new Map<string, Shopper>();

  function forget(request: IncomingMessage): void {
    sessions.delete(idIn(request));
  }

  return {
    begin(request, shopper) {
      forget(request);
      // Always a new one: an id that somebody has planted must not become somebody's session.
      const id = randomBytes(32).toString('base64url');
      sessions.set(id, shopper);
      const [oldest] = sessions.keys();
      if (sessions.size > MOST_SESSIONS && oldest !== undefined) sessions.delete(oldest);
      return cookie(id, DAY_SECONDS);
    },
    find: (request) => sessions.get(idIn(request)),
    end(request) {
      forget(request);
      return cookie('', 0);
    },
  };
}

/** Scripts cannot read it, other sites cannot send it along, and the proxy never gets it. */
function cookie(id: string, maxAgeSeconds: number): string {
  return `${NAME}=${id}; Path=/account; HttpOnly; SameSite=Lax; Max-Age=${maxAgeSeconds}`;
}

function idIn({ headers }: IncomingMessage): string {
  return new RegExp(`(?:^|;\\s*)${NAME}=([\\w-]+)`).exec(headers.cookie ?? '')?.[1] ?? '';
}
