/** Values of other people's scripts, of which nothing is certain. */

/** Whatever it is, with these fields, if it has them. */
export function fieldsOf<Name extends string>(value: unknown): Readonly<Partial<Record<Name, unknown>>> {
  const hasFields = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return (hasFields ? value : {}) as Partial<Record<Name, unknown>>;
}

/** What its method answers; undefined where it has none. What the method throws is thrown. */
export function callMethod(owner: unknown, method: string, ...values: readonly unknown[]): unknown {
  const found = fieldsOf<string>(owner)[method];
  return typeof found === 'function'
    ? (found as (...values: unknown[]) => unknown).apply(owner, [...values])
    : undefined;
}

export const hasMethod = (owner: unknown, method: string): boolean =>
  typeof fieldsOf<string>(owner)[method] === 'function';

/** Its entries, where it is an object of them. */
export const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];

/** The texts in it, where it is a list. */
export const textsIn = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
