/** Why something that is only for one person cannot be had now, in words for that person. */
const WORDS = {
  'token-unavailable': 'The login gave no token.',
  'provider-failed': 'The login does not work.',
  'provider-timeout': 'The login takes too long.',
  'provider-backoff': 'The login does not work.',
  'token-malformed': 'The login gave a token that is none.',
  'token-expired': 'The login gave a token that has ended.',
  'subject-mismatch': 'The login gave somebody else’s token, which was not used.',
  'token-rejected': 'The proxy refused the token.',
  'token-blocked': 'The proxy refuses every token, and is left alone for a while.',
  forbidden: 'The token does not reach that far.',
  'private-call-failed': 'The proxy, or Customer.io behind it, does not answer.',
  missing: 'The SDK could not be loaded.',
};

export const whyNot = (code) => WORDS[code] ?? 'Something went wrong.';
