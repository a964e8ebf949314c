/** Up and down again: a long s (U+017F) is an s for those who ignore case. https://www.unicode.org/reports/tr44/#CaseFolding.txt */
export const caseless = (name: string): string => name.toUpperCase().toLowerCase();

/**
 * The values of all fields that a server which ignores case in names may take for `field`. Of what is no value (`null`, `''`)
 * there is none.
 *
 * @param field in lower case
 */
export function valuesOf(record: object, field: string): readonly unknown[] {
  return Object.entries(record)
    .filter(([name, value]) => caseless(name) === field && value !== null && value !== '')
    .map(([, value]) => value as unknown);
}
