/**
 * A name without the difference of capital and small letters. To upper case first, then to lower case: parsers that ignore case
 * may read a long s (U+017F) as an s. https://www.unicode.org/reports/tr44/#CaseFolding.txt
 */
export const caseless = (name: string): string => name.toUpperCase().toLowerCase();

/**
 * The values of all fields that a server may read as `field` if it ignores the case of names. `null` and `''` count as no
 * value, and are left out.
 *
 * @param field in lower case
 */
export function valuesOf(record: object, field: string): readonly unknown[] {
  return Object.entries(record)
    .filter(([name, value]) => caseless(name) === field && value !== null && value !== '')
    .map(([, value]) => value as unknown);
}
