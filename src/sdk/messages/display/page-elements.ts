/** Elements of the page that messages are shown in or beside. They may come after the message, and may go before it. */
import type { Clock } from '../../browser.ts';
import type { PageWindow } from './surface.ts';

/** Returns the element with this id, or the first that matches this CSS selector. */
export function findElement(page: Document, elementId: string): Element | undefined {
  const found = page.getElementById(elementId);
  if (found) return found;
  try {
    return page.querySelector(elementId) ?? undefined;
  } catch {
    // The text is no selector.
    return undefined;
  }
}

/** Calls `run` after each change of the elements of the page, until `life` aborts. */
export function onPageChange(page: Document, view: PageWindow, life: AbortSignal, run: () => void): void {
  const observer = new view.MutationObserver(run);
  observer.observe(page.documentElement, {
    childList: true,
    subtree: true,
    attributes: true,
    // An element may get its id, or a class of a selector, after it was inserted.
    attributeFilter: ['id', 'class'],
  });
  life.addEventListener('abort', () => observer.disconnect(), { once: true });
}

/** Calls `run` after `delayMs`, unless `life` has aborted. */
export function afterInLife(clock: Clock, life: AbortSignal, delayMs: number, run: () => void): void {
  life.addEventListener('abort', clock.after(delayMs, run), { once: true });
}
