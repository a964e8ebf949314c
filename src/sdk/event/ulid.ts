/** Ids as Customer.io recognises repeats by: ULIDs, 26 characters of Crockford's base 32. https://github.com/ulid/spec */

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const IDS_OF_A_MILLISECOND = 1_000_000;

/** The last digits of a number. */
export const base32 = (value: number, length: number): string =>
  length ? base32(Math.floor(value / 32), length - 1) + DIGITS[value % 32] : '';

/**
 * Makes the ids of one page, in growing order: the time at which the page began, the page's own ten digits, and a count. So all
 * ids of a batch begin alike, and gzip pays for each with three bytes or less. The count is decimal, because fewer digits pack
 * better.
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
