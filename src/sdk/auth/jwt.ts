/** Reads the claims of a token. A browser cannot verify the signature: only the proxy does. */

export type Claims = Readonly<Record<string, unknown>>;

/** A token that a header can carry, with the times that are known of it. */
export interface TokenReading {
  readonly kind: 'token';
  readonly token: string;
  /** The claims of a JWT; undefined where the token is not a JWT. */
  readonly claims?: Claims;
  /** The time at which the token expires: server's clock, in milliseconds since the epoch. */
  readonly expiresAtMs?: number;
  /** The lifetime that the application gave as `expiresIn`, in milliseconds. */
  readonly expiresInMs?: number;
  /** The time of issue: server's clock, in milliseconds since the epoch. */
  readonly issuedAtMs?: number;
  /** Whether the token had the prefix `Bearer`, which is removed. */
  readonly hadPrefix: boolean;
}

export type ReadToken =
  TokenReading | { readonly kind: 'none' } | { readonly kind: 'malformed'; readonly why: string };

const malformed = (why: string): ReadToken => ({ kind: 'malformed', why });

/** @param value the result of the provider, or the argument of `setCustomerToken`, of any type */
export function readToken(value: unknown, maxBytes: number): ReadToken {
  const result = isRecord(value) ? value : { token: value };
  const raw = result['token'] ?? '';
  if (typeof raw !== 'string') return malformed(`it is of type ${typeof raw}, and must be a text`);
  const trimmed = raw.trim();
  const token = trimmed.replace(/^bearer(\s+|$)/i, '');
  if (!token) return { kind: 'none' };
  // A header can carry no other characters: https://www.rfc-editor.org/rfc/rfc6750#section-2.1
  if (!/^[\x21-\x7e]+$/.test(token)) return malformed(explainCharacters(token));
  if (token.length > maxBytes)
    return malformed(`it has ${token.length} bytes, and ${maxBytes} are allowed (maxTokenBytes)`);
  const { expiresAt, expiresIn } = result;
  if (!isTime(expiresAt)) return malformed('"expiresAt" must be a number, in milliseconds');
  if (!isTime(expiresIn)) return malformed('"expiresIn" must be a number, in seconds');
  const [header, claims] = decode(token);
  if (claims && /^none$/i.test(String(header?.['alg'])))
    return malformed('it is not signed ("alg" is "none")');
  const expiresAtMs = expiresAt ?? seconds(claims?.['exp']);
  const issuedAtMs = seconds(claims?.['iat']);
  return {
    kind: 'token',
    token,
    hadPrefix: token !== trimmed,
    ...(claims && { claims }),
    ...(expiresAtMs !== undefined && { expiresAtMs }),
    ...(expiresIn !== undefined && { expiresInMs: expiresIn * 1_000 }),
    ...(issuedAtMs !== undefined && { issuedAtMs }),
  };
}

/** Names the probable cause of a character that no token has. Never shows a part of the text, because that may be a token. */
const explainCharacters = (text: string): string =>
  text.startsWith('<')
    ? 'it is an HTML page. Is the login route right, and is the person signed in?'
    : 'it has a space or another character that no header can carry';

/**
 * Returns header and claims of a JWT; an empty array, or undefined claims, for a token that is not a JWT.
 * https://www.rfc-editor.org/rfc/rfc7519#section-3
 */
function decode(token: string): readonly (Claims | undefined)[] {
  if (!/^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)) return [];
  return token.split('.', 2).map((part) => {
    try {
      const bytes = Uint8Array.from(atob(part.replace(/-/g, '+').replace(/_/g, '/')), (char) =>
        char.charCodeAt(0),
      );
      const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
      return isRecord(value) && !Array.isArray(value) ? value : undefined;
    } catch {
      return undefined;
    }
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const isTime = (value: unknown): value is number | undefined =>
  value === undefined || (typeof value === 'number' && Number.isFinite(value));

const seconds = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value * 1_000 : undefined;
