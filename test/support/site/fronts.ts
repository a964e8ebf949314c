/** Servers that may stand in front of a proxy, or in its place, and respond instead of it. */
import type { Page } from 'playwright';
import { told } from './fixtures.ts';
import type { Told } from '../page/in-page.ts';
import type { FixedAnswer } from './proxy-faults.ts';

/** A web page, as servers and firewalls respond with. `line`: its first line. */
export const webPage = (status: number, line = '<title>Request blocked by rule 17</title>'): FixedAnswer => ({
  status,
  headers: { 'Content-Type': 'text/html; charset=utf-8' },
  body: `${line}\n<h1>Something else</h1>\n<p>than a proxy</p>\n`,
});

/** Waits until the SDK has processed the response to its first request. */
export const untilJudged = async (page: Page): Promise<void> =>
  void (await page.waitForFunction(() =>
    window.told.some(({ name }) => ['delivered', 'retrying', 'dropped'].includes(name)),
  ));

/** The `error` events with this code that the SDK of this page has emitted. */
export const errorsOf = async (page: Page, code: string): Promise<readonly Told[]> =>
  (await told(page, 'error')).filter((error) => error.code === code);

/** Collects the warnings on the page's console from now on. */
export function warningsOf(page: Page): readonly string[] {
  const warnings: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'warning') warnings.push(message.text());
  });
  return warnings;
}
