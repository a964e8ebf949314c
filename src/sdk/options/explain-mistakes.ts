import { errorPage } from '../../protocol/links.ts';
import type { TokenStatus } from '../auth/contract.ts';
import type { PrivateMethods } from '../private/private-client.ts';
import type { Mistake } from './options.ts';

/** A description of what the option must be, for options whose default does not show it. */
const EXPECTED: Readonly<Record<string, string>> = {
  clientKey: 'a text without ":"',
  consent: 'granted, pending, denied, or sources of which one can grant',
  beforeSend: 'a function',
  customerToken: 'a token provider',
  plugins: 'a list of plugins',
};

/** Options whose text may be a credential, as in `clientKey: 'site-id:api-key'`. */
const SECRETS = new Set(['clientKey', 'customerToken']);
/** Unknown options with such a name may contain a credential too. */
const LOOKS_SECRET = /key|token|secret|password|auth/i;

const SHOWN_CHARACTERS = 100;

/** Results of private calls, by the name of the method. A method that is not listed resolves with undefined. */
export type EmptyResults = Partial<Record<keyof PrivateMethods, () => unknown>>;

/** An instance with wrong options never rejects, so that no page depends on the options: its private calls have these results. */
const EMPTY_RESULTS: EmptyResults = {
  messages: () => [],
  total: () => 0,
  totalUnopened: () => 0,
  attributes: () => ({}),
  subscriptions: () => [],
  refresh: (): TokenStatus => ({ state: 'none', userId: null }),
  fetch: () => Response.json({ error: 'invalid-options' }, { status: 503 }),
};

/**
 * Describes what is wrong with the options. This file is loaded only when an option is wrong.
 * @returns a text that names each wrong option, what it must be, and its value, unless that may be a secret
 */
export function explainMistakes(
  mistakes: readonly Mistake[],
  pageUrl: string,
): { readonly message: string; readonly results: EmptyResults } {
  const sentences = mistakes.map(
    ([name, value, standard]) =>
      `"${name}" must be ${expected(name, standard, pageUrl)}, got ${shown(value, isSecret(name, standard))}`,
  );
  const message = `${sentences.join('; ')}. Every call is discarded. ${errorPage('invalid-options')}`;
  return { message, results: EMPTY_RESULTS };
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

function shown(value: unknown, secret: boolean): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value) return Array.isArray(value) ? 'a list' : 'an object';
  if (typeof value !== 'string') return String(value);
  if (value && secret) return `a text of ${value.length} characters`;
  return `"${value.slice(0, SHOWN_CHARACTERS)}"`;
}

/** The first load imports this file by this name. */
export { explainMistakes as create };
