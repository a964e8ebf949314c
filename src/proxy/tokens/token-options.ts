/** A JSON Web Key, as its fields. RFC 7517. */
export type Jwk = Readonly<Record<string, unknown>> & { readonly kty: string };

/** Algorithms of a secret that both sides hold. RFC 7518 3.2. */
export const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512'] as const;
/** Algorithms of a key pair. RFC 7518 3.3 to 3.5, RFC 8037, RFC 9864. */
export const KEY_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

export type TokenAlgorithm = (typeof SECRET_ALGORITHMS)[number] | (typeof KEY_ALGORITHMS)[number];

/** The least that RFC 7518 3.2 asks of a secret, in bytes. */
export const LEAST_SECRET_BYTES = 32;

/** What a token does for a batch. Private calls always need a good one, and do not exist when it is `'disabled'`. */
export type TokenMode = 'disabled' | 'report' | 'required';

/** How customer tokens are verified. Exactly one of `jwksUrl`, `secret` and `publicKey` says with what. */
export interface TokenVerificationOptions {
  /** Where the issuer publishes its keys (RFC 7517). Kept for ten minutes; asked again, at most twice a minute, for a new `kid`. */
  jwksUrl?: string | URL | undefined;

  /** The secret that the issuer signs with: 32 bytes of UTF-8 or more. */
  secret?: string | undefined;

  /** The issuer's public key: PEM (`BEGIN PUBLIC KEY`) or JWK. */
  publicKey?: string | Jwk | undefined;

  /**
   * What may have signed a token. Those of a secret are not allowed with a public key, and the other way round.
   *
   * @default `['HS256']` with a secret, otherwise `['RS256', 'ES256', 'EdDSA', 'Ed25519']`
   */
  algorithms?: readonly TokenAlgorithm[] | undefined;

  /** What `iss` must be, or any of several. Without it `iss` is not looked at. */
  issuer?: string | readonly string[] | undefined;

  /**
   * What `aud` must be or hold, or any of several. Without it `aud` is not looked at: set it wherever the issuer signs
   * for others too.
   */
  audience?: string | readonly string[] | undefined;

  /**
   * The claim that holds the user id.
   *
   * @default 'sub'
   */
  subject?: string | undefined;

  /**
   * By how much the issuer's clock may differ, in seconds.
   *
   * @default 30
   */
  leewaySeconds?: number | undefined;

  /**
   * `'report'`: private calls need a token; of events the log tells what would be refused, and nothing is. `'required'`: events
   * of a person need that person's token, traits that identify a person (`id`, `cio_id`, and `email` where the token has that
   * claim) are the token's, and `group` needs a token. `'disabled'`: tokens are refused.
   *
   * In every mode an event with a `previousId` needs the token of that person, unless it is a random anonymous id of its own.
   *
   * @default 'report'
   */
  mode?: TokenMode | undefined;

  /** Scopes that a token must have in `scope` or `scp`, with spaces between them. */
  scope?: string | undefined;
}

/** Customer.io's App API, which knows what is stored of a person. */
export interface AppApiOptions {
  /** An App API key. It never leaves the server. */
  key: string;

  /** @default the region's: `https://api.customer.io` or `https://api-eu.customer.io` */
  url?: string | URL | undefined;

  /** The attributes that a person may read of themselves. @default all */
  attributes?: readonly string[] | undefined;
}

/** Customer.io's in-app service, which keeps the inboxes. */
export interface InAppOptions {
  /** The site id of the workspace. */
  siteId: string;

  /** @default 'https://consumer.cloud.gist.build' */
  url?: string | URL | undefined;
}
