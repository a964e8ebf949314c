import { SdkError } from '../../protocol/errors.ts';
import type { Mistake } from './options.ts';

/** The words for what each option must be, where its default does not say it. */
const EXPECTED: Readonly<Record<string, string>> = {
  clientKey: 'a text without ":"',
  consent: 'granted, pending, denied, or sources of which one can grant',
  beforeSend: 'a function',
  customerToken: 'a token provider',
  plugins: 'a list of plugins',
};

/** Options whose text may be a credential, as in `clientKey: 'site-id:api-key'`, and names that are none of ours. */
const SECRETS = new Set(['clientKey', 'customerToken']);
const LOOKS_SECRET = /key|token|secret|password|auth/i;

const SHOWN_CHARACTERS = 100;

/**
 * This function says what is wrong with the options. The file is loaded only where something is.
 * @returns an `SdkError` `invalid-options` that names each option, what it must be, and what came, but for what may be a secret
 */
export function create(mistakes: readonly Mistake[], pageUrl: string): SdkError {
  const told = mistakes.map(
    ([name, came, standard]) =>
      `"${name}" must be ${expected(name, standard, pageUrl)}, got ${shown(came, isSecret(name, standard))}`,
  );
  return new SdkError('invalid-options', told.join('; '));
}

const isSecret = (name: string, standard: unknown): boolean =>
  SECRETS.has(name) || (standard === undefined && LOOKS_SECRET.test(name));

function expected(name: string, standard: unknown, pageUrl: string): string {
  if (name === 'proxyUrl') {
    const { protocol } = new URL(pageUrl);
    return protocol.startsWith('http')
      ? 'an http(s) URL, or a path like "/e"'
      : `an http(s) URL on a page of ${protocol}`;
  }
  if (name.startsWith('customerToken.')) return 'a number above 0';
  if (EXPECTED[name]) return EXPECTED[name];
  if (standard === undefined) return 'left out: there is no such option';
  if (Array.isArray(standard)) return standard.join(' or ');
  if (typeof standard === 'number') return 'a whole number above 0';
  return typeof standard === 'boolean' ? 'true or false' : 'an object';
}

function shown(came: unknown, secret: boolean): string {
  if (typeof came === 'function') return 'a function';
  if (typeof came === 'object' && came) return Array.isArray(came) ? 'a list' : 'an object';
  if (typeof came !== 'string') return String(came);
  if (came && secret) return `a text of ${came.length} characters`;
  return `"${came.slice(0, SHOWN_CHARACTERS)}"`;
}
