/** Ways to leave a page right after calls. */
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

/** Clicks on a link that makes the calls when it is clicked on, and leads to this path. */
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

/** Makes the calls and loads the page anew, in one task. */
export async function trackAndReload(page: Page, names: readonly string[]): Promise<void> {
  await Promise.all([
    page.waitForEvent('load'),
    page.evaluate((all) => {
      for (const name of all) void window.analytics.track(name);
      location.reload();
    }, names),
  ]);
}

/** A tab that may close itself: one that a page has opened. */
export async function openPopup(opener: Page, path = '/shop'): Promise<Page> {
  const [popup] = await Promise.all([
    opener.waitForEvent('popup'),
    opener.evaluate((href) => void window.open(href), path),
  ]);
  await popup.waitForFunction(() => Boolean(window.analytics));
  await untilSomebodyLeads(popup);
  return popup;
}

/** Makes the calls, and closes the tab so many milliseconds later. */
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
