/** A JSON Web Key (RFC 7517), as an object with its fields. */
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

/** The algorithm of a token's signature, the field `alg` in its header: HMAC with a secret, or a signature with a key pair. */
export type TokenAlgorithm = (typeof SECRET_ALGORITHMS)[number] | (typeof KEY_ALGORITHMS)[number];

/** The fewest bytes that a secret may have, by RFC 7518 3.2. */
export const LEAST_SECRET_BYTES = 32;

/**
 * Whether the events of a batch need a customer token: the option `customerToken.mode`. Private calls always need a valid token; in
 * the mode `'disabled'` the proxy responds 404 to them.
 */
export type TokenMode = 'disabled' | 'report' | 'required';

/**
 * How the proxy verifies customer tokens. Exactly one of `jwksUrl`, `secret` and `publicKey` must be set: the key of the signatures.
 * (With the mode `'disabled'`, none has to be.)
 */
export interface TokenVerificationOptions {
  /**
   * The URL at which the issuer publishes its public keys (RFC 7517). The keys are kept for ten minutes. For a token with a new `kid`
   * they are fetched again before that, at most twice a minute.
   *
   * @example 'https://id.example.com/.well-known/jwks.json'
   */
  jwksUrl?: string | URL | undefined;

  /**
   * The secret with which the issuer signs, at least 32 bytes in UTF-8, or a function that returns it. The proxy calls the function for
   * each token, so that the secret can be replaced without a restart. If the function fails, the proxy responds 503
   * `token_check_failed`.
   *
   * @example 'a secret of at least 32 bytes, kept on your servers'
   */
  secret?: string | (() => string | Promise<string>) | undefined;

  /**
   * The issuer's public key, as PEM (`BEGIN PUBLIC KEY`) or JWK.
   *
   * @example readFileSync('token-key.pub.pem', 'utf8')
   */
  publicKey?: string | Jwk | undefined;

  /**
   * The algorithms with which a token may be signed. Those of a secret are not allowed with a public key, and those of a key pair
   * are not allowed with a secret.
   *
   * @default ['HS256'] with a secret, otherwise ['RS256', 'ES256', 'EdDSA', 'Ed25519']
   * @example ['ES256']
   */
  algorithms?: readonly TokenAlgorithm[] | undefined;

  /**
   * The value that the claim `iss` must have; of a list, any of its values.
   *
   * @default `iss` is not checked
   * @example 'https://id.example.com'
   */
  issuer?: string | readonly string[] | undefined;

  /**
   * The value that the claim `aud` must have or contain; of a list, any of its values. Set this option wherever the issuer signs
   * tokens for other services too.
   *
   * @default `aud` is not checked
   * @example 'shop'
   */
  audience?: string | readonly string[] | undefined;

  /**
   * The claim that contains the user id.
   *
   * @default 'sub'
   * @example 'user_id'
   */
  subject?: string | undefined;

  /**
   * The kind of id in the claim `subject`, as the workspace identifies people: their id, their e-mail address, or the id that Customer.io
   * gives to a person (`cio_id`). `identify` must get the same value as user id. The proxy asks the App API for the person by this kind
   * of id, and a trait of this name must have the same value.
   *
   * @default 'id'
   * @example 'email'
   */
  idType?: 'id' | 'email' | 'cio_id' | undefined;

  /**
   * The allowed difference between the issuer's clock and that of the proxy, in seconds, 0 to 600.
   *
   * @default 30
   * @example 5
   */
  leewaySeconds?: number | undefined;

  /**
   * Whether the events of a batch need a token.
   *
   * - `'report'`: no event is rejected because it has no token; the log counts the events that `'required'` would reject
   *   (`ProxyLogEntry.tokenReport`).
   * - `'required'`: events with a user id need a token of that person. Traits that identify a person (`id`, `cio_id`, and `email`
   *   where the token has that claim) must equal the claims of the token. `group` needs a token.
   * - `'disabled'`: the proxy refuses requests with a token, and responds 404 to private calls.
   *
   * In every mode an event with a `previousId` needs a token of that person, unless the `previousId` is the random anonymous id that
   * the event itself has.
   *
   * @default 'report'
   * @example 'required'
   */
  mode?: TokenMode | undefined;

  /**
   * Scopes that a token must have in its claim `scope` or `scp`, with single spaces between them. Without these scopes the proxy
   * responds 403 `insufficient_scope`.
   *
   * @default no scope is needed
   * @example 'inbox'
   */
  scope?: string | undefined;
}

/** Access to Customer.io's App API, from which the proxy reads a person's attributes and subscriptions. */
export interface AppApiOptions {
  /**
   * An App API key of the workspace, or a function that returns it. The proxy calls the function for each request to the API. The key
   * is a secret: browsers never get it.
   *
   * @example process.env.CIO_APP_API_KEY ?? ''
   */
  key: string | (() => string | Promise<string>);

  /**
   * The URL of the API.
   *
   * @default the URL of the `region`: `https://api.customer.io` or `https://api-eu.customer.io`
   * @example 'https://api-eu.customer.io'
   */
  url?: string | URL | undefined;

  /**
   * The names of the attributes that a person may read about themselves.
   *
   * @default all
   * @example ['plan', 'first_name']
   */
  attributes?: readonly string[] | undefined;
}
