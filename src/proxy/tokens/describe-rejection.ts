import { errors } from 'jose';
import type { TokenVerificationSettings } from './token-settings.ts';

/** Most characters of a claim, and of the expected value, in the log. */
const LONGEST_SHOWN = 200;

/**
 * Describes a wrong claim of a token for the log of the operator: its value and the expected one. Issuer, audience and times are
 * not secret; the log shows no other part of a token. Returns `undefined` for other faults. The signature of the token was verified
 * before its claims were read, so that no stranger can write into the log.
 */
export function describeRejection(
  cause: unknown,
  { issuer, audience, leewaySeconds }: TokenVerificationSettings,
): string | undefined {
  if (!(cause instanceof errors.JWTClaimValidationFailed || cause instanceof errors.JWTExpired))
    return undefined;
  const { claim, payload } = cause;
  const value = payload[claim];
  const expected = { iss: issuer, aud: audience }[claim];
  if (expected) {
    const option = claim === 'iss' ? 'issuer' : 'audience';
    const places = `customerToken.${option} (CIO_TOKEN_${option.toUpperCase()})`;
    return `"${claim}" is ${show(value)}, expected one of ${show(expected)}: correct ${places} or the issuer.`;
  }
  // The claims `exp` and `nbf`, unless they are missing or no numbers.
  if (typeof value !== 'number') return undefined;
  const seconds = Math.round(value - Date.now() / 1_000);
  const distance = seconds < 0 ? `${-seconds} s ago` : `${seconds} s ahead`;
  return `"${claim}" is ${distance}, leeway ${leewaySeconds} s: ${claim === 'exp' ? 'an old token or ' : ''}a wrong clock.`;
}

/** A claim as JSON; `missing` where the token does not have it. */
function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'missing').slice(0, LONGEST_SHOWN);
}
