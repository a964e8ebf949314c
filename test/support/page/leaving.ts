/** Ways to leave a page right after calls of the SDK. */
import type { Page } from 'playwright';
import { untilSomebodyLeads } from '../browser/tabs.ts';

/** Makes the calls and sets `location.href`, in one task. */
export async function trackAndLeave(page: Page, names: readonly string[], to: string): Promise<void> {
  await untilSomebodyLeads(page);
  await Promise.all([
    page.waitForURL(`**${to}`),
    page.evaluate(
      ([all, href]) => {
        for (const name of all) void window.analytics.track(name);
        location.href = href;
      },
      [names, to] as const,
    ),
  ]);
}

/** Clicks a link that makes the calls in its click handler and leads to this path. */
export async function trackByLink(page: Page, names: readonly string[], to: string): Promise<void> {
  await untilSomebodyLeads(page);
  await page.evaluate(
    ([all, href]) => {
      const link = document.querySelector('a');
      link?.setAttribute('href', href);
      link?.addEventListener('click', () => {
        for (const name of all) void window.analytics.track(name);
      });
    },
    [names, to] as const,
  );
  await Promise.all([page.waitForURL(`**${to}`), page.getByRole('link', { name: 'Next' }).click()]);
}

/** Makes the calls and reloads the page, in one task. */
export async function trackAndReload(page: Page, names: readonly string[]): Promise<void> {
  await Promise.all([
    page.waitForEvent('load'),
    page.evaluate((all) => {
      for (const name of all) void window.analytics.track(name);
      location.reload();
    }, names),
  ]);
}

/** Opens a tab from another page: only such a tab may close itself. */
export async function openPopup(opener: Page, path = '/shop'): Promise<Page> {
  const [popup] = await Promise.all([
    opener.waitForEvent('popup'),
    opener.evaluate((href) => void window.open(href), path),
  ]);
  await popup.waitForFunction(() => Boolean(window.analytics));
  await untilSomebodyLeads(popup);
  return popup;
}

/** Makes the calls, and closes the tab the given number of milliseconds later. */
export async function trackAndClose(page: Page, names: readonly string[], afterMs: number): Promise<void> {
  const closed = page.waitForEvent('close');
  await page
    .evaluate(
      ([all, delayMs]) => {
        for (const name of all) void window.analytics.track(name);
        setTimeout(() => window.close(), delayMs);
      },
      [names, afterMs] as const,
    )
    .catch(() => undefined);
  await closed;
}
