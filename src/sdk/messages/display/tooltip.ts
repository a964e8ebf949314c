/** A message that points at an element of the page, and follows it. */
import type { Placement, TooltipPlacement } from './placement.ts';
import { addLayer, FADE_MS, prefersLessMotion, setHeight, type Stage, type Surface } from './surface.ts';
import { tooltipPosition } from './tooltip-position.ts';

export function openTooltip(stage: Stage, placement: TooltipPlacement & Placement, anchor: Element): Surface {
  const { page, view, frame, life: signal } = stage;
  const { host, root } = addLayer(stage);
  const box = page.createElement('div');
  const arrow = page.createElement('div');
  box.className = 'box tip';
  arrow.className = 'arrow';
  arrow.style.setProperty('background-color', placement.arrowColor);
  box.style.setProperty('--width', `${placement.widthPx}px`);
  box.append(arrow, frame);
  root.append(box);

  function follow(): void {
    const { innerWidth: width, innerHeight: height } = view;
    const at = tooltipPosition(
      anchor.getBoundingClientRect(),
      box.getBoundingClientRect(),
      { width, height },
      placement.side,
    );
    box.style.setProperty('left', `${at.left}px`);
    box.style.setProperty('top', `${at.top}px`);
    arrow.style.setProperty('left', `${at.arrowLeft}px`);
    arrow.style.setProperty('top', `${at.arrowTop}px`);
    box.dataset['side'] = at.side;
  }

  // The event of an inner scroll container does not bubble, so it is caught on its way down.
  view.addEventListener('scroll', follow, { capture: true, passive: true, signal });
  view.addEventListener('resize', follow, { signal });
  follow();

  return {
    host,
    fadeMs: FADE_MS,
    show() {
      anchor.scrollIntoView({ block: 'nearest', behavior: prefersLessMotion(view) ? 'auto' : 'smooth' });
      follow();
      host.inert = false;
      box.classList.add('shown');
    },
    resize(heightPx) {
      setHeight(frame, heightPx, placement.isScaled ? view.innerHeight : undefined);
      follow();
    },
    rename: () => undefined,
    hide() {
      host.inert = true;
      box.classList.remove('shown');
    },
    remove: () => host.remove(),
  };
}

/** The name by which the display imports this file. */
export { openTooltip as create };
