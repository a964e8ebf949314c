/**
 * The login of a test site: the site's own server knows the signed-in user, and signs the customer tokens.
 */
import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { TokenIssuer, TokenIssuerOptions } from '../../../src/proxy/tokens/issuer.ts';

/** One request of a page's token provider. */
export interface LoginRequest {
  readonly userId: string;
  readonly reason: string;
  readonly forceRefresh: boolean;
  readonly attempt: number;
}

export interface LoginBehaviour {
  /** `same`: always the first token of this person. `hang`: no response. */
  readonly does: 'token' | 'same' | 'fail' | 'null' | 'expired' | 'wrong-subject' | 'hang';
  /** The lifetime of a token, in seconds. */
  readonly ttlSeconds: number;
  /** The delay of a response, in milliseconds. */
  readonly delayMs: number;
}

export interface Login {
  /** Returns the status and the body; `undefined`: no response. */
  answer(asked: LoginRequest): Promise<{ readonly status: number; readonly body: object } | undefined>;
  change(behaviour: Partial<LoginBehaviour>): void;
  requests(): readonly LoginRequest[];
}

export const TOKEN_SECRET = 'a secret of the test sites, 32 bytes or more';

export function createLogin(createIssuer: (options: TokenIssuerOptions) => TokenIssuer): Login {
  const requests: LoginRequest[] = [];
  const first = new Map<string, string>();
  let behaviour: LoginBehaviour = { does: 'token', ttlSeconds: 900, delayMs: 0 };
  let serial = 0;

  /** Issues a token; each has another serial number. */
  const issue = (userId: string, ttlSeconds: number): Promise<string> =>
    createIssuer({ secret: TOKEN_SECRET, ttlSeconds }).issue(userId, { serial: ++serial });

  async function tokenFor(userId: string, { does, ttlSeconds }: LoginBehaviour): Promise<string | null> {
    if (does === 'null') return null;
    if (does === 'expired') return expiredToken(userId, ++serial);
    if (does === 'same') {
      const kept = first.get(userId) ?? (await issue(userId, ttlSeconds));
      first.set(userId, kept);
      return kept;
    }
    return issue(does === 'wrong-subject' ? 'somebody-else' : userId, ttlSeconds);
  }

  return {
    async answer(asked) {
      requests.push(asked);
      const now = behaviour;
      if (now.does === 'hang') return undefined;
      if (now.delayMs > 0) await delay(now.delayMs);
      if (now.does === 'fail') return { status: 500, body: {} };
      return { status: 200, body: { token: await tokenFor(asked.userId, now) } };
    },
    change(changed) {
      behaviour = { ...behaviour, ...changed };
    },
    requests: () => requests,
  };
}

/**
 * A token that has expired: issued an hour ago, valid for a quarter of an hour. The proxy's issuer cannot
 * make such a token, so it is signed here.
 */
function expiredToken(sub: string, serial: number): string {
  const then = Math.floor(Date.now() / 1_000) - 3_600;
  const parts = [
    { alg: 'HS256', typ: 'JWT' },
    { serial, sub, iat: then, exp: then + 900 },
  ];
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${signed}.${createHmac('sha256', TOKEN_SECRET).update(signed).digest('base64url')}`;
}
