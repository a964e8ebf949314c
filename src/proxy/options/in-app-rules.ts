import type { InAppOptions } from '../messages/in-app-options.ts';
import { isRecord } from '../lib/is-record.ts';
import { isLoopback } from '../lib/is-loopback.ts';
import { describeAddress, describeSecret, isAddress, isFunction, type Rule, type Rules } from './rules.ts';
import { APP_API_RULES, isHeaderText, SECRET } from './token-rules.ts';

// The page of the renderer runs in the page of every visitor, and the address of the stream has the person in it: neither may be
// changed or read on the way.
const SAFE_ADDRESS: Rule = {
  must: 'an https URL, or an http URL of the same machine, without credentials, query and fragment',
  holds: (value) => {
    if (!isAddress(value)) return false;
    const { protocol, hostname } = new URL(String(value));
    return protocol === 'https:' || isLoopback(hostname);
  },
  describe: describeAddress,
};

export const IN_APP_RULES: Rules<InAppOptions> = {
  siteId: {
    must: 'the site id of the workspace, or a function that returns it',
    holds: (value) => isFunction(value) || isHeaderText(value),
    required: true,
  },
  url: APP_API_RULES.url,
  rendererUrl: SAFE_ADDRESS,
  codeUrl: SAFE_ADDRESS,
  realtimeUrl: SAFE_ADDRESS,
  handleSecret: SECRET,
  anonymous: {
    must: `{ secret: ${SECRET.must} }`,
    holds: (value, group) => {
      if (!isRecord(value)) return false;
      const { secret, ...unknown } = value;
      return SECRET.holds(secret, group) && Object.keys(unknown).length === 0;
    },
    describe: describeAnonymous,
  },
};

/** Describes a wrong value of `anonymous`: the names of its fields, and what the secret is, never its content. */
function describeAnonymous(value: unknown): string {
  if (!isRecord(value)) return describeSecret(value);
  const { secret, ...unknown } = value;
  return `{ ${[`secret: ${describeSecret(secret)}`, ...Object.keys(unknown)].join(', ')} }`;
}
