/**
 * A message in an element of the page, in the place of that element's content.
 *
 * The content stays where it is and is covered by a shadow root, because frameworks such as React fail when nodes that they have made
 * are taken away. When the message is closed the shadow root shows the content again: browsers cannot remove a shadow root.
 */
import { setHeight, type Stage, type Surface } from './surface.ts';

/** The shadow roots of earlier messages, which can be used again. */
const ROOTS = new WeakMap<Element, ShadowRoot>();

export function openInline({ page, frame, styles }: Stage, slot: Element): Surface {
  const keepsHeight = Boolean((slot as Partial<HTMLElement>).style?.height);
  const restore = cover(slot, frame, styles, page);
  // A message in an element without a height of its own is as high as its content, also if that is higher than the viewport.
  frame.className = keepsHeight ? 'inline' : 'inline free';
  if (keepsHeight) frame.style.setProperty('height', '100%');
  frame.inert = true;

  return {
    host: slot,
    fadeMs: 0,
    show() {
      frame.inert = false;
      frame.classList.add('shown');
    },
    resize(heightPx) {
      if (!keepsHeight) setHeight(frame, heightPx);
    },
    rename: () => undefined,
    hide: () => frame.classList.remove('shown'),
    remove: restore,
  };
}

/** Shows `frame` in the place of the content of `slot`. Returns the function that shows the content again. */
function cover(slot: Element, frame: Element, styles: CSSStyleSheet, page: Document): () => void {
  let root = ROOTS.get(slot);
  try {
    root ??= slot.attachShadow({ mode: 'open' });
    ROOTS.set(slot, root);
  } catch {
    // Only some elements can have a shadow root, and each only one: https://dom.spec.whatwg.org/#dom-element-attachshadow
    return replace(slot, frame, styles, page);
  }
  root.adoptedStyleSheets = [styles];
  root.replaceChildren(frame);
  return () => root.replaceChildren(page.createElement('slot'));
}

function replace(slot: Element, frame: Element, styles: CSSStyleSheet, page: Document): () => void {
  const host = page.createElement('div');
  const root = host.attachShadow({ mode: 'open' });
  root.adoptedStyleSheets = [styles];
  root.append(frame);
  const content = [...slot.childNodes];
  slot.replaceChildren(host);
  return () => host.replaceWith(...content);
}
