/** Reads values of other scripts on the page, which may have any form. */

/** Returns the value as an object that may have these fields; `{}` for a value that can have none. */
export function fieldsOf<Name extends string>(value: unknown): Readonly<Partial<Record<Name, unknown>>> {
  // `Object` returns an object or a function unchanged, and wraps or replaces any other value.
  return (Object(value) === value ? value : {}) as Partial<Record<Name, unknown>>;
}

/** Calls a method and returns its result. Returns undefined if there is no such method. Throws the error that the method throws. */
export function callMethod(owner: unknown, method: string, ...values: readonly unknown[]): unknown {
  const found = fieldsOf<string>(owner)[method];
  return typeof found === 'function'
    ? (found as (this: unknown, ...values: readonly unknown[]) => unknown).call(owner, ...values)
    : undefined;
}

export const hasMethod = (owner: unknown, method: string): boolean =>
  typeof fieldsOf<string>(owner)[method] === 'function';

/** The entries of an object; none for a value that can have none. */
export const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] =>
  Object.entries(fieldsOf(value));

/** The texts in a list; none for any other value. */
export const textsIn = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
