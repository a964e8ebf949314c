import { isPlainObject } from '../event/arguments.ts';
import type { TextStore } from '../browser.ts';
import type { Categories } from '../events.ts';

/** Returns the visitor's choices, from a list of the categories that are on, or an object of all; from anything else none. */
export function categoriesOf(choices: unknown): Categories {
  if (Array.isArray(choices)) return Object.fromEntries(choices.map((name) => [name, true]));
  return isPlainObject(choices) ? (choices as Categories) : {};
}

/**
 * Stores the visitor's choices, as JSON, for the site: `scope` is the beginning of its keys in localStorage. Returns whether they differ from the choices that any page or tab of the site
 * has stored before: then the change is an event, `Consent Updated`.
 */
export function storeChoices(local: TextStore, scope: string, choices: string): boolean {
  const key = `${scope}:consent`;
  const differ = local.get(key) !== choices;
  local.set(key, choices);
  return differ;
}
