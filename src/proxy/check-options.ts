import type { ProxyOptions } from './options.ts';

/** One thing that is wrong with the options: `"option" problem` is a sentence. It holds no key. */
export interface OptionProblem {
  readonly option: string;
  readonly kind: 'missing' | 'wrong' | 'unknown' | 'exposed';
  readonly problem: string;
}

/** A rule: what the value must be, whether it is, and how to speak of what came. */
interface Rule {
  readonly must: string;
  readonly holds: (value: unknown) => boolean;
  readonly required?: true;
  readonly came?: (value: unknown) => string;
}

// A timer of more would fire at once: https://html.spec.whatwg.org/#timers
const LONGEST_TIMER_MS = 2_147_483_647;

const FUNCTION: Rule = { must: 'a function', holds: isFunction };
const COUNT: Rule = {
  must: 'an integer of 1 or more',
  holds: (value) => isCount(value, Number.MAX_SAFE_INTEGER),
};

const RULES: Readonly<Record<keyof ProxyOptions, Rule>> = {
  writeKey: {
    must: "Customer.io's write key (printable characters, no colon), or a function that returns it",
    holds: (value) => isFunction(value) || (typeof value === 'string' && /^[!-9;-~]+$/.test(value)),
    required: true,
    came: describeSecret,
  },
  clientKeys: {
    must: 'a list of one or more keys without colons, or a function that judges one',
    holds: (value) => isFunction(value) || (isList(value) && value.length > 0 && value.every(isClientKey)),
    required: true,
    came: (value) =>
      isList(value)
        ? `a list of ${value.map(describeSecret).join(', ') || 'nothing'}`
        : describeSecret(value),
  },
  region: { must: "'us' or 'eu'", holds: (value) => value === 'us' || value === 'eu' },
  upstreamUrl: {
    must: 'an http(s) address without credentials, query and fragment',
    holds: isAddress,
    came: describeAddress,
  },
  origins: {
    must: 'a list of origins as browsers write them, e.g. https://shop.example.com',
    holds: (value) => isList(value) && value.every(isOrigin),
  },
  basePath: {
    must: "a path like '/e', without an end slash, or ''",
    holds: (value) => typeof value === 'string' && /^(\/[\w.~-]+)*\/?$/.test(value),
  },
  clientIp: {
    must: "'cf-connecting-ip', 'x-real-ip' or { header: string, hops: integer of 1 or more }",
    holds: isClientIp,
  },
  maxBodyBytes: COUNT,
  maxEvents: COUNT,
  maxEventBytes: COUNT,
  timeoutMs: {
    must: `an integer from 1 to ${LONGEST_TIMER_MS}`,
    holds: (value) => isCount(value, LONGEST_TIMER_MS),
  },
  filter: FUNCTION,
  transform: FUNCTION,
  deliver: FUNCTION,
  onLog: FUNCTION,
  files: FUNCTION,
  fetch: FUNCTION,
};

/** Everything that is wrong, not only the first. */
export function findProblems(options: unknown): readonly OptionProblem[] {
  if (typeof options !== 'object' || options === null) {
    return [{ option: 'options', kind: 'wrong', problem: `must be an object, got ${show(options)}` }];
  }
  const given = new Map<string, unknown>(Object.entries(options));
  const problems: OptionProblem[] = [];
  for (const [option, { must, holds, required, came = show }] of Object.entries(RULES)) {
    const value = given.get(option);
    given.delete(option);
    if (value !== undefined && !holds(value)) {
      problems.push({ option, kind: 'wrong', problem: `must be ${must}, got ${came(value)}` });
    } else if (value === undefined && required) {
      problems.push({ option, kind: 'missing', problem: `is missing: it must be ${must}` });
    }
  }
  for (const option of given.keys())
    problems.push({ option, kind: 'unknown', problem: 'is no option of the proxy' });

  const { writeKey, clientKeys } = options as Readonly<Record<string, unknown>>;
  if (typeof writeKey === 'string' && isList(clientKeys) && clientKeys.includes(writeKey)) {
    const problem = 'must not hold the write key: every visitor can read client keys';
    problems.push({ option: 'clientKeys', kind: 'exposed', problem });
  }
  return problems;
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isCount(value: unknown, most: number): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most;
}

function isClientKey(value: unknown): boolean {
  return typeof value === 'string' && /^[^:\p{Cc}]+$/u.test(value);
}

function isOrigin(value: unknown): boolean {
  // A star is a fine character of a host for the URL standard, and means nothing here.
  if (typeof value !== 'string' || !URL.canParse(value) || value.includes('*')) return false;
  // Apps have schemes of their own (capacitor://localhost), whose origin the URL standard calls null.
  return /^https?:/.test(value) ? new URL(value).origin === value : /^[a-z][\w+.-]*:\/\/[\w.-]+$/.test(value);
}

function isAddress(value: unknown): boolean {
  if (!(typeof value === 'string' || value instanceof URL) || !URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === '';
}

function isClientIp(value: unknown): boolean {
  if (value === 'cf-connecting-ip' || value === 'x-real-ip') return true;
  if (typeof value !== 'object' || value === null) return false;
  const { header, hops } = value as Readonly<Record<string, unknown>>;
  return typeof header === 'string' && /^[\w-]+$/.test(header) && isCount(hops, 100);
}

/** Says what kind of thing came, never the thing. */
function describeSecret(value: unknown): string {
  if (typeof value === 'string') return `a text of ${value.length} characters`;
  return value === null ? 'null' : typeof value;
}

function describeAddress(value: unknown): string {
  const text = value instanceof URL ? value.href : value;
  return typeof text === 'string' ? show(text.replace(/\/\/[^/@]*@/, '//…@')) : show(value);
}

function show(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  // JSON knows neither NaN nor Infinity.
  if (typeof value === 'number') return String(value);
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 200);
  } catch {
    return typeof value;
  }
}
