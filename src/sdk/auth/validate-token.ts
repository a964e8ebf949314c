import { type Claims, type TokenReading, readToken } from './jwt.ts';
import { tokenTtlMs, suspectTtlMs } from './token-ttl.ts';
import type { SubjectClaim, CustomerTokenSettings } from './customer-token-options.ts';
import type { ServerTime } from './server-clock.ts';

/** Whether what was given for a token may be used for this person, now. */
export type TokenValidity =
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed'; readonly why: string }
  | { readonly kind: 'refused'; readonly token: string }
  | { readonly kind: 'mismatch'; readonly subject: string }
  | { readonly kind: 'expired' }
  | ValidToken;

export interface ValidToken {
  readonly kind: 'good';
  /** It has expired by a clock that may be wrong. */
  readonly isSuspect: boolean;
  readonly token: UsableToken;
}

export interface UsableToken {
  readonly reading: TokenReading;
  readonly lifetimeMs: number;
  readonly subject: string | undefined;
}

export interface ValidationContext {
  readonly userId: string;
  readonly server: ServerTime;
  readonly settings: CustomerTokenSettings;
  /** Whether the proxy has refused these very bytes. */
  isRefused(token: string): boolean;
  warn(message: string): void;
}

export function validateToken(given: unknown, court: ValidationContext): TokenValidity {
  const { settings, server, userId } = court;
  const reading = readToken(given, settings.maxTokenBytes);
  if (reading.kind !== 'token') return reading;
  const { token, claims, hadPrefix } = reading;
  if (hadPrefix) court.warn('A customer token must come without "Bearer" in front; it was taken off');
  if (court.isRefused(token)) return { kind: 'refused', token };
  const subject = subjectOf(claims, settings.subject);
  if (subject !== undefined && subject !== userId) return { kind: 'mismatch', subject };
  const leftMs = tokenTtlMs(reading, server, settings.opaqueTtlMs);
  if (leftMs > 0) return { kind: 'good', isSuspect: false, token: { reading, lifetimeMs: leftMs, subject } };
  // What it was said to last has nothing to do with a clock.
  if (server.isKnown || reading.expiresInMs !== undefined) return { kind: 'expired' };
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
    // Whoever cannot be told is not this person.
    return '';
  }
}
