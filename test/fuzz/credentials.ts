import { basicAuthorization } from '../../src/protocol/wire.ts';
import type { Random } from '../fakes/random.ts';
import type { Plan } from './plan.ts';
import { BLOG, CLIENT_KEY, HOME, MINE, SHOP, SHOP_KEY, type Tokens } from './secrets.ts';

/** How probable it is that a part of a request is good. */
export const OFTEN = 0.93;

export const GOOD_ORIGINS = [null, SHOP, BLOG, HOME] as const;
export const BAD_ORIGINS = [
  'null',
  'https://evil.example',
  `${SHOP}.evil.example`,
  `${SHOP}/`,
  `${SHOP}, ${BLOG}`,
] as const;
export const GOOD_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'Application/JSON;charset="UTF-8"',
] as const;
export const BAD_TYPES = [
  null,
  '',
  'text/plain',
  'application/json; charset=utf-16',
  'application/x-ndjson',
] as const;

interface MadeCredentials {
  readonly headers: readonly [string, string][];
  /** Whether a batch is taken with them. */
  readonly areGood: boolean;
  readonly isKeyGood: boolean;
  readonly token: 'none' | 'good' | 'bad';
  readonly subject: string | null;
}

export function makeCredentials(
  { tokens: mode }: Plan,
  tokens: Tokens,
  origin: string | null,
  random: Random,
): MadeCredentials {
  const isShops = random.chance(0.2);
  const isKeyGood = random.chance(OFTEN);
  const key = isKeyGood
    ? isShops
      ? SHOP_KEY
      : CLIENT_KEY
    : random.pick(['', 'client', `${CLIENT_KEY}x`, 'x'.repeat(3_000)]);
  const mayUse = isKeyGood && (!isShops || origin === null || origin === SHOP);
  if (random.chance(0.6)) {
    const isWhole = random.chance(0.97);
    const value = basicAuthorization(key);
    const header = isWhole
      ? value
      : random.pick(['', 'Basic', `Basic ${key}:`, `Digest ${value}`, `${value},${value}`]);
    const areGood = mayUse && isWhole;
    return {
      headers: [['Authorization', header]],
      areGood,
      isKeyGood: areGood,
      token: 'none',
      subject: null,
    };
  }
  const isTokenGood = random.chance(0.8);
  const token = isTokenGood ? tokens.good : random.pick(tokens.bad);
  return {
    headers: [
      ['Authorization', `Bearer ${token}`],
      ...(key === '' ? [] : [['X-CIO-Client-Key', key] satisfies [string, string]]),
    ],
    // In `report` mode the proxy only reports a bad token, and accepts the events.
    areGood: mayUse && (mode === 'report' || (mode === 'required' && isTokenGood)),
    isKeyGood: mayUse && mode !== 'off',
    token: isTokenGood ? 'good' : 'bad',
    subject: isTokenGood ? MINE : null,
  };
}
