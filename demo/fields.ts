/** Reads the known fields of a JSON body and says what is wrong with it in words that name what came. */
import { isObject } from './http.ts';

/** What a field may be: a test, and the words for what it expects. */
export interface Check<T> {
  readonly expects: string;
  readonly accepts: (value: unknown) => value is T;
}

export type Checks<T> = { readonly [K in keyof T]: Check<T[K]> };

/** The fields that came, or what is wrong with them. */
export type Fields<T> =
  { readonly ok: true; readonly fields: Partial<T> } | { readonly ok: false; readonly message: string };

export function oneOf<const T extends string | number>(...values: readonly T[]): Check<T> {
  return {
    expects: `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`,
    accepts: (value): value is T => (values as readonly unknown[]).includes(value),
  };
}

export function integer(from: number, to: number): Check<number> {
  return {
    expects: `an integer from ${from} to ${to}`,
    accepts: (value): value is number =>
      Number.isInteger(value) && Number(value) >= from && Number(value) <= to,
  };
}

export function text(longest: number): Check<string> {
  return {
    expects: `a text of 1 to ${longest} characters`,
    accepts: (value): value is string =>
      typeof value === 'string' && value.trim() !== '' && value.length <= longest,
  };
}

export const textOrNull: Check<string | null> = {
  expects: 'a string or null',
  accepts: (value): value is string | null => value === null || typeof value === 'string',
};

/** Every field is optional; one that is unknown or wrong makes the whole body wrong. */
export function readFields<T extends object>(body: unknown, checks: Checks<T>): Fields<T> {
  if (!isObject(body)) return { ok: false, message: `Expected a JSON object, got ${show(body)}` };
  for (const [name, value] of Object.entries(body)) {
    if (!Object.hasOwn(checks, name)) {
      const known = Object.keys(checks).join(', ');
      return { ok: false, message: `Unknown field ${show(name)}; known are ${known}` };
    }
    const check = checks[name as keyof T];
    if (!check.accepts(value)) {
      return { ok: false, message: `"${name}" must be ${check.expects}, got ${show(value)}` };
    }
  }
  return { ok: true, fields: body as Partial<T> };
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'something that is not JSON';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** The same, and every field has to be there. */
export function readAllFields<T extends object>(
  body: unknown,
  checks: Checks<T>,
): { readonly ok: true; readonly fields: T } | { readonly ok: false; readonly message: string } {
  const read = readFields(body, checks);
  if (!read.ok) return read;
  const missing = Object.keys(checks).find((name) => !Object.hasOwn(read.fields, name));
  if (missing !== undefined) return { ok: false, message: `"${missing}" is missing` };
  return { ok: true, fields: read.fields as T }; // each of them is there, and checked
}
