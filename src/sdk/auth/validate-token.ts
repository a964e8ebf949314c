import { type Claims, type TokenReading, readToken } from './jwt.ts';
import { tokenTtlMs, suspectTtlMs } from './token-ttl.ts';
import type { SubjectClaim, CustomerTokenSettings } from './customer-token-options.ts';
import type { ServerTime } from './server-clock.ts';

/**
 * The result of validating a value as a customer token. `none`: the value is empty. `malformed`: the value has a wrong form.
 * `refused`: the proxy has refused this token before. `subject_mismatch`: the token names another user.
 */
export type TokenValidity = { readonly kind: 'none' } | UnusableToken | ValidToken;

/** `why` ends a message for people, and never has a part of the token, except for the user whom the token names. */
interface UnusableToken {
  readonly kind: 'malformed' | 'refused' | 'subject_mismatch' | 'expired';
  readonly why: string;
}

export interface ValidToken {
  readonly kind: 'good';
  /** The token has expired by the browser's clock, which may be wrong: only the proxy can decide. */
  readonly isSuspect: boolean;
  readonly token: UsableToken;
}

export interface UsableToken {
  readonly reading: TokenReading;
  /** Milliseconds from the time when the token was received until it expires. */
  readonly lifetimeMs: number;
  /** The user id in the token; undefined where the token has none, or where it is not read. */
  readonly subject: string | undefined;
}

export interface ValidationContext {
  readonly userId: string;
  readonly server: ServerTime;
  readonly settings: CustomerTokenSettings;
  /** Whether the proxy has refused exactly this token. */
  isRefused(token: string): boolean;
  /** The reason of the last refusal, as the end of a message. */
  readonly refusalText: string;
  warn(message: string): void;
}

export function validateToken(value: unknown, context: ValidationContext): TokenValidity {
  const { settings, server, userId } = context;
  const reading = readToken(value, settings.maxTokenBytes);
  if (reading.kind !== 'token') return reading;
  const { token, claims, hadPrefix } = reading;
  if (hadPrefix) context.warn('The customer token began with "Bearer", which the SDK has removed');
  if (context.isRefused(token))
    return { kind: 'refused', why: `the proxy has refused it already${context.refusalText}` };
  const subject = subjectOf(claims, settings.subject);
  if (subject !== undefined && subject !== userId) {
    const why = `it is for "${subject}", not for user "${userId}". Is another person signed in, or is the user id in another claim (customerToken.subject)?`;
    return { kind: 'subject_mismatch', why };
  }
  const leftMs = tokenTtlMs(reading, server, settings.opaqueTtlMs);
  if (leftMs > 0) return { kind: 'good', isSuspect: false, token: { reading, lifetimeMs: leftMs, subject } };
  // `expiresIn` is a duration, so a wrong clock does not affect it.
  if (server.isKnown || reading.expiresInMs !== undefined) {
    const why = 'it has already expired. Is it from a cache?';
    return { kind: 'expired', why };
  }
  const suspectMs = suspectTtlMs(reading, settings.suspectTtlMs);
  return { kind: 'good', isSuspect: true, token: { reading, lifetimeMs: suspectMs, subject } };
}

function subjectOf(claims: Claims | undefined, claim: SubjectClaim): string | undefined {
  if (!claims || claim === false) return undefined;
  try {
    const subject = typeof claim === 'function' ? claim(claims) : claims[claim];
    if (subject === undefined || subject === null) return undefined;
    return typeof subject === 'string' ? subject : JSON.stringify(subject);
  } catch {
    // The application's function threw, or the claim cannot be serialised. An empty subject equals no user id: the token is not used.
    return '';
  }
}
