/** What a page's policy has refused, as the page and its console tell it. */
import type { Page } from 'playwright';

/** Answers what was refused so far, in all frames. */
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
    // What has happened before this was told before this.
    await Promise.all(page.frames().map((frame) => frame.evaluate(() => undefined)));
    return told;
  };
}
