/** Signs customer tokens for whoever is signed in, or does wrong what its switch says. */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { SignJWT } from 'jose';
import { createTokenIssuer } from '../../src/proxy.ts';
import type { Faults } from '../faults.ts';

export interface Login {
  /** What the proxy verifies tokens with. */
  readonly verification: { readonly secret: string; readonly issuer: string; readonly audience: string };
  /** `null`: there is none. `undefined`: it failed. */
  tokenFor(userId: string, faults: Faults): Promise<GivenToken | null | undefined>;
}

export interface GivenToken {
  readonly token: string;
  /** In seconds, from now on: whatever the clocks say. */
  readonly expiresIn?: number;
}

/** Longer than the shop's pages wait for it. */
const SLOW_MS = 6_000;
const HOUR_SECONDS = 3_600;
const ISSUER = 'tarn-login';
const AUDIENCE = 'tarn-shop';

const newSecret = (): string => randomBytes(32).toString('base64url');

export function createLogin(): Login {
  const secret = newSecret();
  const wrongSecret = newSecret();

  async function issue(userId: string, ttlSeconds: number, key = secret): Promise<GivenToken> {
    const issuer = createTokenIssuer({ secret: key, issuer: ISSUER, audience: AUDIENCE, ttlSeconds });
    return { token: await issuer.issue(userId), expiresIn: ttlSeconds };
  }

  return {
    verification: { secret, issuer: ISSUER, audience: AUDIENCE },
    async tokenFor(userId, { login, tokenSeconds }) {
      switch (login) {
        case 'slow':
          await delay(SLOW_MS);
          return issue(userId, tokenSeconds);
        case 'failing':
          return undefined;
        case 'null':
          return null;
        case 'expired':
          return { token: await issueExpired(userId, secret) };
        case 'wrong-subject':
          return issue('somebody-else', tokenSeconds);
        case 'wrong-key':
          return issue(userId, tokenSeconds, wrongSecret);
        case 'fine':
          return issue(userId, tokenSeconds);
        default:
          return login satisfies never;
      }
    },
  };
}

/** As a login gives it out that has kept it since: no issuer makes one. */
function issueExpired(userId: string, secret: string): Promise<string> {
  const then = Math.floor(Date.now() / 1_000) - HOUR_SECONDS;
  return new SignJWT()
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(userId)
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setJti(randomUUID())
    .setIssuedAt(then)
    .setExpirationTime(then + HOUR_SECONDS / 4)
    .sign(new TextEncoder().encode(secret));
}
