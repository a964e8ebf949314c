import { SignJWT } from 'jose';
import { basicAuthorization } from '../../src/protocol/wire.ts';

/** The secrets of the proxy, which must not appear in responses or log lines. */
export const WRITE_KEY = 'write-key-of-the-workspace';
export const CLIENT_KEY = 'client-api-key-web';
export const SHOP_KEY = 'client-api-key-of-shop';
export const COOKIE = 'session-of-the-visitor';
export const SECRET = 'a secret that both sides hold, of 32 bytes and more';
export const SHOP = 'https://shop.example.com';
export const BLOG = 'https://blog.example.com';
export const HOME = 'https://events.example.com';
export const MINE = 'u1';

export interface Tokens {
  readonly good: string;
  readonly bad: readonly [string, ...string[]];
}

export async function makeTokens(): Promise<Tokens> {
  const now = Math.floor(Date.now() / 1_000);
  const sign = (claims: object, secret = SECRET): Promise<string> =>
    new SignJWT({ sub: MINE, exp: now + 86_400, ...claims })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(secret));
  const good = await sign({});
  const [head = '', claims = '', signature = ''] = good.split('.');
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  return {
    good,
    bad: [
      await sign({ exp: now - 3_600 }),
      await sign({}, 'another secret of 32 bytes, and a few more'),
      await sign({ sub: '' }),
      await sign({ nbf: now + 3_600 }),
      `${none}.${claims}.`,
      `${none}.${claims}.${signature}`,
      `${head}.${claims}`,
      `${head}.${claims}.${signature.slice(0, -2)}`,
      `${head}.${Buffer.from('{"sub":"u2","exp":9999999999}').toString('base64url')}.${signature}`,
      'nonsense',
      'a'.repeat(9_000),
    ],
  };
}

/** The texts that no response and no log line may contain, in each encoding in which they are sent. */
export function forbiddenIn({ good, bad }: Tokens): readonly string[] {
  const keys = [WRITE_KEY, CLIENT_KEY, SHOP_KEY];
  const encoded = keys.map((key) => basicAuthorization(key).slice('Basic '.length, -4));
  const tokens = [good, ...bad].filter((token) => token.length > 20).map((token) => token.slice(-20));
  return [...keys, ...encoded, ...tokens, COOKIE, SECRET];
}
