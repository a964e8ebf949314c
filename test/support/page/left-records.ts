/**
 * What a page that leaves stores for the next one: which events its last requests carried, and the cookies
 * that report the responses.
 */
import type { BrowserContext, Cookie, Page } from 'playwright';

const RECORD = 'cio-first-party:client-api-key-web:left:';
const COOKIE = 'cio_ack_';

/** The cookies by which responses report the requests of pages that have left. */
export const ackCookies = async (context: BrowserContext): Promise<readonly Cookie[]> =>
  (await context.cookies()).filter(({ name }) => name.startsWith(COOKIE));

/** The texts of the records, by their keys. Works on any page of the origin, also on one without the SDK. */
export const leftRecords = (page: Page): Promise<Readonly<Record<string, string>>> =>
  page.evaluate(
    (prefix) => Object.fromEntries(Object.entries(localStorage).filter(([key]) => key.startsWith(prefix))),
    RECORD,
  );

/** Replaces the stored records with these texts. */
export const plantRecords = (page: Page, texts: readonly string[]): Promise<void> =>
  page.evaluate(
    ([prefix, all]) => {
      for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key);
      for (const [at, text] of all.entries()) localStorage.setItem(`${prefix}page${at}`, text);
    },
    [RECORD, texts] as const,
  );

/** Returns the record with other ids or another time. */
export function changed(
  text: string,
  { id = (same) => same, timeMs = (same) => same }: Readonly<Partial<Changes>>,
): string {
  const ULID = /^[0-9A-HJKMNP-TV-Z]{26}$/;
  const change = (_: string, value: unknown): unknown => {
    if (typeof value === 'string' && ULID.test(value)) return id(value);
    return typeof value === 'number' && value > 1e12 ? timeMs(value) : value;
  };
  return JSON.stringify(JSON.parse(text, change));
}

interface Changes {
  id(id: string): string;
  /** Milliseconds since the epoch. */
  timeMs(timeMs: number): number;
}
