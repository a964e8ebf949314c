/** What an option must be, whether it is, and how to speak of what came. */
export interface Rule {
  readonly must: string;
  /** `beside`: all the options of its group. */
  readonly holds: (value: unknown, beside: Readonly<Record<string, unknown>>) => boolean;
  readonly required?: true;
  readonly came?: (value: unknown) => string;
}

/** One rule for every option of a group. */
export type Rules<Options> = { readonly [Option in keyof Options]-?: Rule };

// A timer of more would fire at once: https://html.spec.whatwg.org/#timers
const LONGEST_TIMER_MS = 2_147_483_647;

export const COUNT: Rule = {
  must: 'an integer of 1 or more',
  holds: (value) => isCount(value, Number.MAX_SAFE_INTEGER),
};

export const MILLISECONDS: Rule = {
  must: `an integer from 1 to ${LONGEST_TIMER_MS}`,
  holds: (value) => isCount(value, LONGEST_TIMER_MS),
};

export function isCount(value: unknown, most: number): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most;
}

export function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

export function isAddress(value: unknown, query: 'with-query' | 'without-query' = 'without-query'): boolean {
  if (!(typeof value === 'string' || value instanceof URL) || !URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  if (query === 'without-query' && search !== '') return false;
  return /^https?:$/.test(protocol) && `${username}${password}${hash}` === '';
}

/** Says what kind of thing came, never the thing. */
export function describeSecret(value: unknown): string {
  if (typeof value === 'string') return `a text of ${value.length} characters`;
  return value === null ? 'null' : typeof value;
}

export function describeAddress(value: unknown): string {
  const text = value instanceof URL ? value.href : value;
  return typeof text === 'string' ? show(text.replace(/\/\/[^/@]*@/, '//…@')) : show(value);
}

export function show(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  // JSON knows neither NaN nor Infinity.
  if (typeof value === 'number') return String(value);
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 200);
  } catch {
    return typeof value;
  }
}
