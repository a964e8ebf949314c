import { isPlainObject } from '../event/arguments.ts';
import type { Categories } from '../events.ts';

/** Returns the visitor's choices, from a list of the categories that are on, or an object of all; from anything else none. */
export function categoriesOf(choices: unknown): Categories {
  if (Array.isArray(choices)) return Object.fromEntries(choices.map((name) => [name, true]));
  return isPlainObject(choices) ? (choices as Categories) : {};
}
