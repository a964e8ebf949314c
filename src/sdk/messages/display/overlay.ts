/** A message over the page at one of eight places, which leaves the rest of the page usable. */
import type { OverlayPlacement, Placement } from './placement.ts';
import { addLayer, FADE_MS, setHeight, type Stage, type Surface } from './surface.ts';

export function openOverlay(stage: Stage, placement: OverlayPlacement & Placement): Surface {
  const { edge, align, isWide } = placement;
  const { page, view, frame } = stage;
  const { host, root } = addLayer(stage, edge === 'top');
  const box = page.createElement('div');
  box.className = 'box';
  box.style.setProperty(edge, '0');
  // The opposite side is left free, and the automatic margins of the centre have no room then.
  if (align !== 'center') box.style.setProperty(align === 'left' ? 'right' : 'left', 'auto');
  box.style.setProperty('--width', isWide ? '100%' : `${placement.widthPx}px`);
  box.append(frame);
  root.append(box);

  return {
    host,
    fadeMs: FADE_MS,
    show() {
      host.inert = false;
      box.classList.add('shown');
    },
    resize: (heightPx) => setHeight(frame, heightPx, placement.isScaled ? view.innerHeight : undefined),
    rename: () => undefined,
    hide() {
      host.inert = true;
      box.classList.remove('shown');
    },
    remove: () => host.remove(),
  };
}
