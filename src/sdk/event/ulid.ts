/** Ids of events: ULIDs, 26 characters of Crockford's base 32, by which Customer.io recognises repeats. https://github.com/ulid/spec */

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const IDS_OF_A_MILLISECOND = 1_000_000;

/** Converts a number to base 32, and returns its last `length` digits. */
export const base32 = (value: number, length: number): string =>
  length ? base32(Math.floor(value / 32), length - 1) + DIGITS[value % 32] : '';

/**
 * Makes the ids of one page, in growing order: the start time of the page, ten digits of the page, and a count. All ids of a
 * batch then begin with the same characters, and each costs three bytes or less after gzip. The count is decimal: with ten digits
 * instead of 32, gzip compresses it better.
 *
 * @param startMs milliseconds since the epoch
 * @param page ten random digits; {@link isOfPage} finds them again
 */
export function createUlids(startMs: number, page: string): () => string {
  let count = 0;
  return () =>
    base32(startMs + Math.floor(count / IDS_OF_A_MILLISECOND), 10) +
    page +
    String(count++ % IDS_OF_A_MILLISECOND).padStart(6, '0');
}

/** Whether the page with these ten digits has made this id. */
export const isOfPage = (id: string, page: string): boolean => id.startsWith(page, 10);
