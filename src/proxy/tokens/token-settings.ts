import type { SecretOption } from '../lib/secret.ts';
import type { TokenVerificationOptions, Jwk, TokenAlgorithm } from './token-options.ts';

/** The key with which tokens are verified. */
export type TokenKey =
  | { readonly kind: 'jwks'; readonly url: URL }
  | { readonly kind: 'secret'; readonly secret: SecretOption }
  | { readonly kind: 'public'; readonly key: string | Jwk };

/** `customerToken`, with every default filled in. */
export interface TokenVerificationSettings {
  readonly key: TokenKey;
  readonly algorithms: readonly TokenAlgorithm[];
  readonly issuer: readonly string[] | undefined;
  readonly audience: readonly string[] | undefined;
  readonly subject: string;
  readonly idType: NonNullable<TokenVerificationOptions['idType']>;
  readonly leewaySeconds: number;
  readonly scope: string | undefined;
}

const KEY_ALGORITHM_DEFAULTS: readonly TokenAlgorithm[] = ['RS256', 'ES256', 'EdDSA', 'Ed25519'];
const SECRET_ALGORITHM_DEFAULTS: readonly TokenAlgorithm[] = ['HS256'];
const LEEWAY_SECONDS = 30;

export function resolveTokenOptions(options: TokenVerificationOptions): TokenVerificationSettings {
  const key = resolveKey(options);
  const preset = key.kind === 'secret' ? SECRET_ALGORITHM_DEFAULTS : KEY_ALGORITHM_DEFAULTS;
  return {
    key,
    algorithms: options.algorithms ?? preset,
    issuer: listOf(options.issuer),
    audience: listOf(options.audience),
    subject: options.subject ?? 'sub',
    idType: options.idType ?? 'id',
    leewaySeconds: options.leewaySeconds ?? LEEWAY_SECONDS,
    scope: options.scope,
  };
}

function resolveKey({ jwksUrl, secret, publicKey = '' }: TokenVerificationOptions): TokenKey {
  if (jwksUrl !== undefined) return { kind: 'jwks', url: new URL(jwksUrl) };
  return secret === undefined ? { kind: 'public', key: publicKey } : { kind: 'secret', secret };
}

function listOf(value: string | readonly string[] | undefined): readonly string[] | undefined {
  return typeof value === 'string' ? [value] : value;
}
