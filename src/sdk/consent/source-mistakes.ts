/**
 * Checks the options of consent sources. A source with a wrong option never decides: its defaults could grant what the application
 * did not mean. The texts are in the bundle, because no file may be requested before consent.
 */
import { noStop, printer } from './platform-page.ts';
import type { ConsentSource } from './source.ts';

/** Checks the value of an option. Returns a description of the values that fit, or an empty text where this one does. */
export type OptionKind = (value: unknown) => string;

export type OptionKinds = Readonly<Record<string, OptionKind>>;

const isText = (value: unknown): unknown => typeof value === 'string' && value;
// The list is copied, because `every` skips the holes of a list. The first item is added, which an empty list does not have: with an
// empty list, every decision would be a grant.
const isNames = (value: unknown): boolean =>
  Array.isArray(value) && [...(value as unknown[]), value[0]].every(isText);
// A `Map`, a list or an object of the browser would be read as an object without options.
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  Object.prototype.toString.call(value) === '[object Object]';

export const aText: OptionKind = (value) => (isText(value) ? '' : 'a text, not empty');
export const names: OptionKind = (value) => (isNames(value) ? '' : 'a list of names, not empty');
export const namesByPurpose: OptionKind = (value) =>
  isRecord(value) && Object.values(value).every(isNames) ? '' : 'an object of lists of names';
/** The module of a platform, which may be the namespace object of an `import`. */
export const aModule: OptionKind = (value) =>
  typeof value === 'object' && value && !Array.isArray(value) ? '' : 'an object';

/** Describes a wrong value. The text ends with a separator, because more of these texts and the URL of the help follow. */
export const describe = (name: string, expected: string, value: unknown): string =>
  `"${name}" must be ${expected}, got ${shown(value)}; `;

/**
 * Describes each option that is unknown, or whose value is wrong. An option that is undefined has its default.
 * @param choices what an unknown option must be
 */
export function wrongOptions(
  options: unknown,
  kinds: OptionKinds,
  choices = `one of the options ${shown(Object.keys(kinds))}`,
): string {
  const known = Object.keys(kinds);
  let problems = '';
  try {
    if (!isRecord(options)) throw options;
    for (const name of Object.keys({ ...kinds, ...options })) {
      const value = options[name];
      const start = name.slice(0, 3).toLowerCase();
      const near = known.filter((each) => each.startsWith(start)).map((each) => `, did you mean "${each}"?`);
      const expected = known.includes(name)
        ? value !== undefined && kinds[name]?.(value)
        : choices + near.join();
      if (expected) problems += describe(name, expected, value);
    }
  } catch {
    // The options are not an object, or a getter of them has thrown.
    problems = describe('options', 'an object', options);
  }
  return problems;
}

/** Returns a source that never decides, and prints the problems; returns undefined if there are none. */
export function silentSource(name: string, problems: string): ConsentSource | undefined {
  if (!problems) return undefined;
  printMistake(name, problems);
  // `onlyDenies` is missing for every source: otherwise the other sources could grant without this one.
  return { name, get: () => undefined, subscribe: () => noStop };
}

export function printMistake(source: string, text: string): void {
  printer().error(
    `cio-first-party: ${source}: ${text}https://github.com/cio-first-party/cio-first-party/blob/main/docs/errors/invalid-options.md`,
  );
}

/** Returns a value as text of at most `length` characters. */
export function shown(value: unknown, length = 100): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // The value has a circle, or its `toJSON` throws.
  }
  return (text ?? typeof value).slice(0, length);
}
