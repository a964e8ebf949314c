/** The rule of an option. */
export interface Rule {
  /** The allowed values, for the message: `must be …`. */
  readonly must: string;
  /** Whether the value is allowed. `group`: all options of its group. */
  readonly holds: (value: unknown, group: Readonly<Record<string, unknown>>) => boolean;
  readonly required?: true;
  /** Describes a wrong value in the message, by default with {@link show}. Secrets are not to be shown. */
  readonly describe?: (value: unknown) => string;
}

/** A rule for every option of a group. */
export type Rules<Options> = { readonly [Option in keyof Options]-?: Rule };

// The longest delay of a timer, 2^31 - 1: a longer one fires at once. https://html.spec.whatwg.org/#timers
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

/** Whether the value is an http(s) URL without credentials and fragment, and without a query unless it may have one. */
export function isAddress(value: unknown, query: 'with-query' | 'without-query' = 'without-query'): boolean {
  if (!(typeof value === 'string' || value instanceof URL) || !URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  if (query === 'without-query' && search !== '') return false;
  return /^https?:$/.test(protocol) && `${username}${password}${hash}` === '';
}

/** Describes a secret in a message: its kind and length, never its content. */
export function describeSecret(value: unknown): string {
  if (typeof value === 'string') return `a text of ${value.length} characters`;
  return value === null ? 'null' : typeof value;
}

/** Shows a URL in a message, without its credentials. */
export function describeAddress(value: unknown): string {
  const text = value instanceof URL ? value.href : value;
  return typeof text === 'string' ? show(text.replace(/\/\/[^/@]*@/, '//…@')) : show(value);
}

/** Shows a value in a message, with 200 characters at most. */
export function show(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  // JSON writes NaN and Infinity as null.
  if (typeof value === 'number') return String(value);
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 200);
  } catch {
    return typeof value;
  }
}
