import { errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import type { TokenRejection } from '../../protocol/wire.ts';
import { comeBackLater, refuse, refuseToken, type Refusal } from '../http/response.ts';
import { describeError } from '../lib/describe-error.ts';
import { createSecretReader } from '../lib/secret.ts';
import type { TokenCheck, VerifierNeeds } from './contract.ts';
import { describeRejection } from './describe-rejection.ts';
import { LEAST_SECRET_BYTES, type TokenVerificationOptions } from './token-options.ts';
import { resolveTokenOptions, type TokenVerificationSettings } from './token-settings.ts';
import { jwksSource, type KeySource, publicKeySource, secretSource } from './verification-keys.ts';

const LONGEST_TOKEN_BYTES = 8_192;
// The compact form of RFC 7515 7.1, without spaces: decoders of base64 ignore those, so one token could be sent in many forms.
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

const MESSAGES: Readonly<Record<TokenRejection, string>> = {
  missing: 'This call needs a customer token: Authorization must be Bearer.',
  malformed: 'The customer token is no JWT that can be read, or lacks "exp".',
  expired: 'The customer token has expired.',
  not_yet: 'The customer token is not valid yet.',
  signature: 'The signature of the customer token is not of a known key.',
  issuer: 'The customer token is of another issuer.',
  audience: 'The customer token is for another audience.',
  algorithm: 'The customer token is signed by an algorithm that is not allowed.',
  no_subject: 'The customer token has no user id.',
};

/**
 * Makes the verifier of tokens. It checks signature, times, issuer, audience, subject and scope. A token that fails is refused with
 * 401 (403 for its scope); where the issuer's keys cannot be fetched, the request is refused with 503.
 */
export function createVerifier(
  customerToken: TokenVerificationOptions,
  { fetch, timeoutMs }: VerifierNeeds,
): TokenCheck {
  const settings = resolveTokenOptions(customerToken);
  const { issuer, audience, scope } = settings;
  const keys = keySource(settings, { fetch, timeoutMs });
  const options: JWTVerifyOptions = {
    algorithms: [...settings.algorithms],
    requiredClaims: ['exp'],
    clockTolerance: settings.leewaySeconds,
    ...(issuer && { issuer: [...issuer] }),
    ...(audience && { audience: [...audience] }),
  };

  return async (token) => {
    if (token === '') return refusal('missing');
    if (token.length > LONGEST_TOKEN_BYTES || !COMPACT.test(token)) return refusal('malformed');
    let claims: JWTPayload;
    try {
      claims = await verify(token, keys, options);
    } catch (cause) {
      const reason = reasonOf(cause);
      if (reason !== null) return refuseToken(MESSAGES[reason], reason, describeRejection(cause, settings));
      const message = 'The customer token could not be checked now.';
      return comeBackLater('token_check_failed', message, { detail: describeError(cause) });
    }
    const subject = subjectIn(claims, settings.subject);
    if (subject === null) {
      const detail = `"${settings.subject}" is no user id: correct customerToken.subject (CIO_TOKEN_SUBJECT) or the issuer.`;
      return refuseToken(MESSAGES.no_subject, 'no_subject', detail);
    }
    if (scope !== undefined && !hasScopes(claims, scope)) {
      const challenge = `Bearer error="insufficient_scope", scope="${scope}"`;
      const message = `The customer token must have the scope "${scope}".`;
      return refuse(403, 'insufficient_scope', message, { headers: { 'WWW-Authenticate': challenge } });
    }
    // The subject is of this kind, whatever the claim of that name has.
    const { email, cio_id: cioId }: JWTPayload = { ...claims, [settings.idType]: subject };
    return {
      kind: 'verified',
      subject,
      // `exp` is a required claim.
      expiresAtMs: (claims.exp ?? 0) * 1_000,
      ...(isText(email) && { email }),
      ...(isText(cioId) && { cioId }),
    };
  };
}

function refusal(reason: TokenRejection): Refusal {
  return refuseToken(MESSAGES[reason], reason);
}

function keySource(
  { key, algorithms }: TokenVerificationSettings,
  { fetch, timeoutMs }: VerifierNeeds,
): KeySource {
  switch (key.kind) {
    case 'jwks':
      return jwksSource(key.url, fetch);
    case 'secret':
      return secretSource(
        createSecretReader({
          name: 'customerToken.secret',
          secret: key.secret,
          leastBytes: LEAST_SECRET_BYTES,
          timeoutMs,
        }),
      );
    case 'public':
      return publicKeySource(key.key, algorithms);
  }
}

async function verify(token: string, keys: KeySource, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keys, options)).payload;
  } catch (cause) {
    if (!(cause instanceof errors.JWKSMultipleMatchingKeys)) throw cause;
    // A token without a `kid` may be signed with any of the keys: each is tried.
    for await (const key of cause) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

const REASONS: Readonly<Record<string, TokenRejection>> = {
  ERR_JWS_INVALID: 'malformed',
  ERR_JWT_INVALID: 'malformed',
  // The token requires an extension (`crit`) that jose does not support.
  ERR_JOSE_NOT_SUPPORTED: 'malformed',
  ERR_JWT_EXPIRED: 'expired',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'signature',
  ERR_JWKS_NO_MATCHING_KEY: 'signature',
  ERR_JOSE_ALG_NOT_ALLOWED: 'algorithm',
};
const CLAIM_REASONS: Readonly<Record<string, TokenRejection>> = { iss: 'issuer', aud: 'audience' };

/** The fault of the token; `null` when the token is not at fault, but the fetch of the keys, for example. */
function reasonOf(cause: unknown): TokenRejection | null {
  if (cause instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason } = cause;
    return claim === 'nbf' && reason === 'check_failed' ? 'not_yet' : (CLAIM_REASONS[claim] ?? 'malformed');
  }
  return cause instanceof errors.JOSEError ? (REASONS[cause.code] ?? null) : null;
}

function subjectIn(claims: JWTPayload, claim: string): string | null {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  if (Number.isSafeInteger(value)) return String(value);
  // Half of a surrogate pair cannot be encoded for a path or a header.
  return typeof value === 'string' && value !== '' && !/\p{Surrogate}/u.test(value) ? value : null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function hasScopes({ scope, scp }: JWTPayload, required: string): boolean {
  const texts = [scope, scp].flat().flatMap((each) => (typeof each === 'string' ? each.split(' ') : []));
  const granted = new Set(texts);
  return required.split(' ').every((each) => granted.has(each));
}
