import { checkGroup, type OptionProblem } from './check-group.ts';
import { DEDUPLICATE_RULES, RATE_LIMIT_RULES, UPSTREAM_RULES } from './limit-rules.ts';
import { IN_APP_RULES } from './in-app-rules.ts';
import { APP_API_RULES, KEY_SOURCES, TOKEN_RULES } from './token-rules.ts';
import type { AnonymousIdCookieOptions } from '../files/anonymous-id-cookie.ts';
import type { ProxyOptions } from '../proxy-options.ts';
import { isRecord } from '../lib/is-record.ts';
import { routeOf } from '../http/routes.ts';
import {
  COUNT,
  describeAddress,
  describeSecret,
  isAddress,
  isCount,
  isFunction,
  isList,
  MILLISECONDS,
  type Rule,
  type Rules,
  show,
} from './rules.ts';

const FUNCTION: Rule = { must: 'a function', holds: isFunction };
const BOOLEAN: Rule = { must: 'true or false', holds: (value) => typeof value === 'boolean' };
const GROUP: Rule = { must: 'an object of options', holds: isRecord, describe: describeSecret };

export const RULES: Rules<ProxyOptions> = {
  writeKey: {
    must: "Customer.io's write key (printable characters, no colon), or a function that returns it",
    holds: (value) => isFunction(value) || (typeof value === 'string' && /^[!-9;-~]+$/.test(value)),
    required: true,
    describe: describeSecret,
  },
  clientKeys: {
    must: 'a list of one or more client keys without colons, or of { key, origins, name }, or a function that checks a key',
    holds: (value) =>
      isFunction(value) ||
      (isList(value) && value.length > 0 && value.every((each) => isClientKey(each) || isSiteKey(each))),
    required: true,
    describe: (value) =>
      isList(value) ? `a list of ${value.map(describeKey).join(', ') || 'nothing'}` : describeSecret(value),
  },
  region: { must: "'us' or 'eu'", holds: (value) => value === 'us' || value === 'eu' },
  upstreamUrl: {
    must: 'an http(s) URL without credentials, query and fragment',
    holds: (value) => isAddress(value),
    describe: describeAddress,
  },
  origins: {
    must: 'a list of origins as browsers send them, without a slash at the end, e.g. https://shop.example.com',
    holds: (value) => isList(value) && value.every(isOrigin),
  },
  basePath: {
    must: "a path like '/e', without a slash at the end, or ''",
    holds: (value) => typeof value === 'string' && /^(\/[\w.~-]+)*\/?$/.test(value),
  },
  clientIp: {
    must: "'cf-connecting-ip', 'x-real-ip' or { header: string, hops: integer of 1 or more }",
    holds: isClientIp,
  },
  maxBodyBytes: COUNT,
  maxInFlightBytes: COUNT,
  bodyTimeoutMs: MILLISECONDS,
  maxEvents: COUNT,
  maxEventBytes: COUNT,
  timeoutMs: MILLISECONDS,
  rateLimit: { must: 'an object of options, or false', holds: (value) => value === false || isRecord(value) },
  upstream: GROUP,
  correctClock: BOOLEAN,
  compatibility: BOOLEAN,
  deduplicate: {
    must: 'true, false or an object of options',
    holds: (value) => typeof value === 'boolean' || isRecord(value),
  },
  anonymousIdCookie: GROUP,
  metrics: {
    must: "a path that the proxy does not use, like '/metrics', without a slash at the end",
    holds: (value) => typeof value === 'string' && /^(\/[\w.~-]+)+$/.test(value) && isFree(value),
  },
  enrich: FUNCTION,
  filter: FUNCTION,
  transform: FUNCTION,
  deliver: FUNCTION,
  onLog: FUNCTION,
  files: FUNCTION,
  fetch: FUNCTION,
  customerToken: GROUP,
  appApi: GROUP,
  inApp: GROUP,
};

// The longest lifetime of a cookie in browsers: https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html
const MOST_DAYS = 400;

const COOKIE_RULES: Rules<AnonymousIdCookieOptions> = {
  domain: {
    must: "a domain like 'example.com', or ''",
    holds: (value) => typeof value === 'string' && /^([a-z\d-]+(\.[a-z\d-]+)+)?$/i.test(value),
    required: true,
  },
  maxAgeDays: {
    must: `an integer from 1 to ${MOST_DAYS}`,
    holds: (value) => isCount(value, MOST_DAYS),
  },
};

const GROUPS: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  customerToken: TOKEN_RULES,
  appApi: APP_API_RULES,
  inApp: IN_APP_RULES,
  rateLimit: RATE_LIMIT_RULES,
  upstream: UPSTREAM_RULES,
  deduplicate: DEDUPLICATE_RULES,
  anonymousIdCookie: COOKIE_RULES,
};

/** All problems of the options of `createProxy`, not only the first. */
export function findProblems(options: unknown): readonly OptionProblem[] {
  if (typeof options !== 'object' || options === null) {
    return [{ option: 'options', kind: 'wrong', problem: `must be an object, got ${show(options)}` }];
  }
  const values = options as Readonly<Record<string, unknown>>;
  const problems = [...checkGroup(values, RULES)];
  for (const [name, rules] of Object.entries(GROUPS)) {
    const group = values[name];
    if (isRecord(group)) problems.push(...checkGroup(group, rules, { prefix: `${name}.` }));
  }
  return [
    ...problems,
    ...checkRateLimit(values['rateLimit']),
    ...checkKeySources(values['customerToken']),
    ...checkExposure(values),
  ];
}

function checkRateLimit(rateLimit: unknown): readonly OptionProblem[] {
  if (!isRecord(rateLimit)) return [];
  const { perKey, perAddress } = rateLimit as Readonly<Record<string, unknown>>;
  // A limit that is set, but wrong, is reported by its own rule already.
  if ([perKey, perAddress].some((limit) => limit !== undefined && limit !== false)) return [];
  return [{ option: 'rateLimit', kind: 'wrong', problem: 'must have "perKey" or "perAddress", got neither' }];
}

function checkKeySources(customerToken: unknown): readonly OptionProblem[] {
  if (!isRecord(customerToken)) return [];
  const found = KEY_SOURCES.filter((source) => customerToken[source] !== undefined);
  // With the mode `disabled` the operator may not have a key yet.
  if (found.length === 1 || (found.length === 0 && customerToken['mode'] === 'disabled')) return [];
  const problem = `must have exactly one of ${KEY_SOURCES.join(', ')}, got ${found.join(', ') || 'none'}`;
  const choices = KEY_SOURCES.map((source) => `customerToken.${source}`);
  return [{ option: 'customerToken', kind: 'choice', problem, choices }];
}

/** Checks that no secret is used as a client key, which every visitor can read. */
function checkExposure({
  writeKey,
  clientKeys,
  customerToken,
  appApi,
  inApp,
}: Readonly<Record<string, unknown>>): readonly OptionProblem[] {
  const { handleSecret, anonymous } = isRecord(inApp) ? inApp : {};
  const secrets = [
    ['write key', writeKey],
    ['secret of customer tokens', isRecord(customerToken) && customerToken['secret']],
    ['key of the App API', isRecord(appApi) && appApi['key']],
    ['secret of message handles', handleSecret],
    ['secret of anonymous messages', isRecord(anonymous) && anonymous['secret']],
  ] as const;
  if (!isList(clientKeys)) return [];
  const keys = new Set(clientKeys.map((entry) => (isRecord(entry) ? entry['key'] : entry)));
  return secrets
    .filter(([, secret]) => typeof secret === 'string' && keys.has(secret))
    .map(([name]) => ({
      option: 'clientKeys',
      kind: 'exposed',
      problem: `must not contain the ${name}: every visitor can read client keys`,
    }));
}

/** Whether no other route of the proxy has the path. */
function isFree(path: string): boolean {
  return !path.startsWith('/v1/') && routeOf(path, { basePath: '' }) === null;
}

function isClientKey(value: unknown): boolean {
  return typeof value === 'string' && /^[^:\p{Cc}]+$/u.test(value);
}

/** The form of a name of a client key, as labels of metrics can have it without quoting. */
const KEY_NAME = /^[\w.-]{1,64}$/;

function isSiteKey(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { key, name, origins, ...unknown } = value;
  const hasOrigins = isList(origins) && origins.length > 0 && origins.every(isOrigin);
  const hasName = typeof name === 'string' && KEY_NAME.test(name);
  // With neither, the key alone would be enough: a field of another name was probably meant.
  if (name === undefined && origins === undefined) return false;
  const isRight = (origins === undefined || hasOrigins) && (name === undefined || hasName);
  return isClientKey(key) && isRight && Object.keys(unknown).length === 0;
}

/** An entry of `clientKeys` for a message: the key is never shown, the other fields are. */
function describeKey(entry: unknown): string {
  if (!isRecord(entry)) return describeSecret(entry);
  const { key, name, origins, ...unknown } = entry;
  const fields = [
    `key: ${describeSecret(key)}`,
    ...(name === undefined ? [] : [`name: ${show(name)}`]),
    ...(origins === undefined ? [] : [`origins: ${show(origins)}`]),
    ...Object.keys(unknown),
  ];
  return `{ ${fields.join(', ')} }`;
}

/** Whether the value is an origin as browsers send it: of a page of the web, or of an app or extension with a scheme of its own. */
export function isOrigin(value: unknown): boolean {
  // The URL standard allows a star in a host, but the proxy has no wildcards: https://*.example.com would match no page.
  if (typeof value !== 'string' || !URL.canParse(value) || value.includes('*')) return false;
  // Apps have schemes of their own (capacitor://localhost), for which `URL.origin` is "null".
  return /^https?:/.test(value) ? new URL(value).origin === value : /^[a-z][\w+.-]*:\/\/[\w.-]+$/.test(value);
}

function isClientIp(value: unknown): boolean {
  if (value === 'cf-connecting-ip' || value === 'x-real-ip') return true;
  if (typeof value !== 'object' || value === null) return false;
  const { header, hops } = value as Readonly<Record<string, unknown>>;
  return typeof header === 'string' && /^[\w-]+$/.test(header) && isCount(hops, 100);
}
