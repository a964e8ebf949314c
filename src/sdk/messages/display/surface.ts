/** A surface is where a message is drawn: a modal, an overlay, a tooltip, or an element of the page. */
import type { Clock } from '../../browser.ts';

export interface Surface {
  /** The element of ours that is a child of the body, or the page's own element that shows the message. */
  readonly host: Element;
  /** How long the surface stays in the page after `hide`, so that it can fade out, in milliseconds. */
  readonly fadeMs: number;
  /** Makes the message visible, and gives it the focus if it is a modal. */
  show(): void;
  resize(heightPx: number): void;
  rename(title: string): void;
  /** Makes the message invisible, and gives the focus back. */
  hide(): void;
  /** Removes everything that the message has put into the page. */
  remove(): void;
}

/** The parts that a surface is made with. */
export interface Stage {
  readonly page: Document;
  readonly view: PageWindow;
  readonly clock: Clock;
  readonly styles: CSSStyleSheet;
  readonly frame: HTMLIFrameElement;
  /** Aborts before the message is hidden: the end of its listeners, timers and observers. */
  readonly life: AbortSignal;
  /** Closes the message, because the visitor wants so. */
  dismiss(): void;
}

/** The window of a page, with its constructors. */
export type PageWindow = NonNullable<Document['defaultView']>;

/** The vendor's time for fading in and out. */
export const FADE_MS = 300;

export const prefersLessMotion = (view: PageWindow): boolean =>
  view.matchMedia('(prefers-reduced-motion: reduce)').matches;

/** The base of a surface that lies above the page: an element of ours in the body, with a shadow root. It is inert until shown. */
export interface Layer {
  readonly host: HTMLElement;
  readonly root: ShadowRoot;
}

/**
 * Adds a layer to the page. The shadow root keeps the page's style sheets away from the message, and this one away from the page.
 * A Content Security Policy without `'unsafe-inline'` blocks `style` attributes and `<style>` elements, and gates `cssText` and
 * `insertRule`. Constructed style sheets and `style.setProperty` are neither: https://www.w3.org/TR/CSP3/#directive-style-src
 */
export function addLayer({ page, styles }: Stage, isFirst = false): Layer {
  const host = page.createElement('cio-message');
  const root = host.attachShadow({ mode: 'open' });
  // Tab finds nothing that is invisible.
  host.inert = true;
  root.adoptedStyleSheets = [styles];
  const parent = page.body ?? page.documentElement;
  if (isFirst) parent.prepend(host);
  else parent.append(host);
  return { host, root };
}

/**
 * Sets the height of the frame. Style sheets cut what is higher than the viewport; a scaled one becomes smaller instead, down to
 * `SMALLEST_SCALE`, and the space that the frame would take in full size is taken away by a margin.
 */
export function setHeight(frame: HTMLIFrameElement, heightPx: number, viewportPx?: number): void {
  frame.style.setProperty('height', `${heightPx}px`);
  if (!viewportPx) return;
  const scale = Math.min(1, Math.max(SMALLEST_SCALE, viewportPx / heightPx));
  frame.style.setProperty('max-height', 'none');
  frame.style.setProperty('transform', `scale(${scale})`);
  frame.style.setProperty('margin-block', `${(heightPx * (scale - 1)) / 2}px`);
}

/** The smallest scale of the vendor's own script. */
const SMALLEST_SCALE = 0.4;
