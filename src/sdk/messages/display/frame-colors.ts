/** The colour scheme for the frames: what it is now, and when it changes. */
import type { ColorScheme } from './contract.ts';
import type { PageWindow } from './surface.ts';

export type FrameColors = 'light' | 'dark';

const DARK = '(prefers-color-scheme: dark)';

export function frameColors(page: Document, view: PageWindow, scheme: ColorScheme): FrameColors {
  const system = view.matchMedia(DARK).matches ? 'dark' : 'light';
  if (scheme !== 'auto') return scheme === 'system' ? system : 'light';
  // The property is inherited, so the body has that of `html` too.
  const supported = view.getComputedStyle(page.body ?? page.documentElement).getPropertyValue('color-scheme');
  const isDark = /\bdark\b/.test(supported);
  return isDark && /\blight\b/.test(supported) ? system : isDark ? 'dark' : 'light';
}

/** Calls `run` when the scheme may have changed, until `life` aborts. */
export function onColorChange(
  page: Document,
  view: PageWindow,
  scheme: ColorScheme,
  life: AbortSignal,
  run: () => void,
): void {
  if (scheme === 'default') return;
  view.matchMedia(DARK).addEventListener('change', run, { signal: life });
  if (scheme === 'system') return;
  const observer = new view.MutationObserver(run);
  // A page changes its scheme by an attribute or a class of `html` or `body`.
  for (const element of [page.documentElement, page.body ?? []].flat())
    observer.observe(element, { attributes: true });
  life.addEventListener('abort', () => observer.disconnect(), { once: true });
}
