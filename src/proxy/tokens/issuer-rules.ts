import { utf8 } from '../../protocol/wire.ts';
import { isRecord } from '../lib/is-record.ts';
import type { TokenIssuerOptions } from './issuer.ts';
import { type Jwk, KEY_ALGORITHMS, LEAST_SECRET_BYTES, SECRET_ALGORITHMS } from './token-options.ts';

const OPTIONS: readonly string[] = [
  'secret',
  'privateKey',
  'algorithm',
  'issuer',
  'audience',
  'ttlSeconds',
  'keyId',
] satisfies readonly (keyof TokenIssuerOptions)[];

/** Returns every problem of the options, as sentences that contain no secret. */
export function findIssuerProblems(options: unknown): readonly string[] {
  if (!isRecord(options)) return ['"options" must be an object'];
  const { secret, privateKey, algorithm, issuer, audience, ttlSeconds, keyId } = options;
  const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
  const allowed: readonly unknown[] = secret === undefined ? KEY_ALGORITHMS : SECRET_ALGORITHMS;
  const audiences: readonly unknown[] =
    Array.isArray(audience) && audience.length > 0 ? audience : [audience];
  const checks: readonly (readonly [fails: boolean, problem: string])[] = [
    [(secret === undefined) === (privateKey === undefined), 'needs exactly one of "secret" and "privateKey"'],
    [
      secret !== undefined && typeof secret !== 'function' && !isLongSecret(secret),
      `"secret" must be a text of ${LEAST_SECRET_BYTES} bytes or more, or a function that returns it`,
    ],
    [
      privateKey !== undefined && typeof privateKey !== 'function' && !isPrivateKey(privateKey),
      '"privateKey" must be PEM (BEGIN PRIVATE KEY) or a JWK with "d", or a function that returns it',
    ],
    [
      algorithm !== undefined && !allowed.includes(algorithm),
      `"algorithm" must be one of ${allowed.join(', ')}`,
    ],
    [issuer !== undefined && !isText(issuer), '"issuer" must be a text that is not empty'],
    [
      audience !== undefined && !audiences.every(isText),
      '"audience" must be a text that is not empty, or a list of them',
    ],
    [
      ttlSeconds !== undefined && !(Number.isSafeInteger(ttlSeconds) && Number(ttlSeconds) >= 1),
      '"ttlSeconds" must be an integer of 1 or more',
    ],
    [keyId !== undefined && !isText(keyId), '"keyId" must be a text that is not empty'],
  ];
  return [
    ...checks.filter(([fails]) => fails).map(([, problem]) => problem),
    ...Object.keys(options)
      .filter((option) => !OPTIONS.includes(option))
      .map((option) => `"${option}" is no option of the issuer`),
  ];
}

/** Whether the value is long enough for a secret of HMAC. */
export function isLongSecret(value: unknown): value is string {
  return typeof value === 'string' && utf8.encode(value).length >= LEAST_SECRET_BYTES;
}

/** Whether the value looks like a private key. Only its import shows whether it is one. */
export function isPrivateKey(value: unknown): value is string | Jwk {
  if (typeof value === 'string') return /^\s*-----BEGIN PRIVATE KEY-----/.test(value);
  return isRecord(value) && typeof value['d'] === 'string' && /^(RSA|EC|OKP)$/.test(String(value['kty']));
}
