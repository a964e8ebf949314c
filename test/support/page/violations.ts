/** Collects what a page's Content Security Policy has refused, as the page and its console report it. */
import type { Page } from 'playwright';

/** Returns a function that returns all violations so far, of all frames. */
export async function watchViolations(page: Page): Promise<() => Promise<readonly string[]>> {
  const told: string[] = [];
  await page.exposeFunction('tellViolation', (text: string) => void told.push(text));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sample }) => {
      (window as unknown as { tellViolation(text: string): void }).tellViolation(
        `${effectiveDirective} ${blockedURI} ${sample}`,
      );
    });
  });
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to|Trusted|violates/i.test(message.text()))
      told.push(message.text());
  });
  return async () => {
    // This round trip to each frame ensures that its earlier reports have arrived.
    await Promise.all(page.frames().map((frame) => frame.evaluate(() => undefined)));
    return told;
  };
}
