import { utf8 } from '../../protocol/wire.ts';
import { isRecord } from '../lib/is-record.ts';
import {
  describeAddress,
  describeSecret,
  isAddress,
  isFunction,
  isList,
  type Rule,
  type Rules,
} from './rules.ts';
import {
  type AppApiOptions,
  type TokenVerificationOptions,
  KEY_ALGORITHMS,
  LEAST_SECRET_BYTES,
  SECRET_ALGORITHMS,
} from '../tokens/token-options.ts';

const MOST_LEEWAY_SECONDS = 600;
// The characters of scopes, RFC 6749 3.3: scopes are written into the header `WWW-Authenticate`.
const SCOPES = /^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/;

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isTextOrTexts = (value: unknown): boolean =>
  isList(value) ? value.length > 0 && value.every(isText) : isText(value);
export const isHeaderText = (value: unknown): boolean => typeof value === 'string' && /^[!-~]+$/.test(value);

/** A secret of a signature. */
export const SECRET: Rule = {
  must: `a text of ${LEAST_SECRET_BYTES} bytes or more, or a function that returns it`,
  holds: (value) =>
    isFunction(value) || (typeof value === 'string' && utf8.encode(value).length >= LEAST_SECRET_BYTES),
  describe: describeSecret,
};

const ID_TYPES: ReadonlySet<unknown> = new Set(['id', 'email', 'cio_id']);

export const TOKEN_RULES: Rules<TokenVerificationOptions> = {
  jwksUrl: {
    must: 'an http(s) URL without credentials and fragment',
    holds: (value) => isAddress(value, 'with-query'),
    describe: describeAddress,
  },
  secret: SECRET,
  publicKey: {
    must: 'a public key, as PEM (BEGIN PUBLIC KEY) or JWK',
    holds: isPublicKey,
    // Described as a secret: by mistake, the value may be a private key.
    describe: describeSecret,
  },
  algorithms: {
    must: `a list of ${SECRET_ALGORITHMS.join(', ')} with a secret, otherwise of ${KEY_ALGORITHMS.join(', ')}`,
    holds: (value, { secret }) => {
      const allowed: readonly unknown[] = secret === undefined ? KEY_ALGORITHMS : SECRET_ALGORITHMS;
      return isList(value) && value.length > 0 && value.every((each) => allowed.includes(each));
    },
  },
  issuer: { must: 'a text, or a list of them', holds: isTextOrTexts },
  audience: { must: 'a text, or a list of them', holds: isTextOrTexts },
  subject: { must: 'the name of a claim', holds: isText },
  idType: { must: "'id', 'email' or 'cio_id'", holds: (value) => ID_TYPES.has(value) },
  leewaySeconds: {
    must: `a number from 0 to ${MOST_LEEWAY_SECONDS}`,
    holds: (value) => typeof value === 'number' && value >= 0 && value <= MOST_LEEWAY_SECONDS,
  },
  mode: {
    must: "'required', 'report' or 'disabled'",
    holds: (value) => value === 'required' || value === 'report' || value === 'disabled',
  },
  scope: {
    must: 'scopes with single spaces between them',
    holds: (value) => typeof value === 'string' && SCOPES.test(value),
  },
};

/** The options with the key that verifies tokens, of which exactly one must be set. */
export const KEY_SOURCES = ['jwksUrl', 'secret', 'publicKey'] as const;

export const APP_API_RULES: Rules<AppApiOptions> = {
  key: {
    must: "a key of Customer.io's App API (printable characters), or a function that returns it",
    holds: (value) => isFunction(value) || isHeaderText(value),
    required: true,
    describe: describeSecret,
  },
  url: {
    must: 'an http(s) URL without credentials, query and fragment',
    holds: (value) => isAddress(value),
    describe: describeAddress,
  },
  attributes: {
    must: 'a list of names of attributes',
    holds: (value) => isList(value) && value.every(isText),
  },
};

function isPublicKey(value: unknown): boolean {
  if (typeof value === 'string') return /^\s*-----BEGIN PUBLIC KEY-----/.test(value);
  return isRecord(value) && /^(RSA|EC|OKP)$/.test(String(value['kty'])) && !('d' in value);
}
