/** Where a tooltip stands: beside its element, on the other side where it does not fit, and inside the viewport. */
import type { Side } from './placement.ts';

export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface TooltipPosition {
  readonly side: Side;
  /** Of the tooltip, from the upper left corner of the viewport, in CSS pixels. */
  readonly left: number;
  readonly top: number;
  /** Of the centre of the arrow, from the upper left corner of the tooltip. */
  readonly arrowLeft: number;
  readonly arrowTop: number;
}

/** Between the element and the tooltip: room for the arrow. */
const GAP_PX = 10;

const OPPOSITE: Readonly<Record<Side, Side>> = { top: 'bottom', bottom: 'top', left: 'right', right: 'left' };
const SIDES: readonly Side[] = ['bottom', 'top', 'right', 'left'];

/** Returns `wanted`, or the nearest value that keeps `size` inside `room`. */
const inside = (wanted: number, size: number, room: number): number =>
  Math.max(0, Math.min(wanted, room - size));

/**
 * @param size of the tooltip, in CSS pixels
 * @param room the size of the viewport
 */
export function tooltipPosition(
  anchor: Rectangle,
  size: Pick<Rectangle, 'width' | 'height'>,
  room: Pick<Rectangle, 'width' | 'height'>,
  wanted: Side,
): TooltipPosition {
  const free: Readonly<Record<Side, number>> = {
    top: anchor.top - size.height,
    bottom: room.height - anchor.top - anchor.height - size.height,
    left: anchor.left - size.width,
    right: room.width - anchor.left - anchor.width - size.width,
  };
  const side = [wanted, OPPOSITE[wanted], ...SIDES].find((each) => free[each] >= GAP_PX) ?? wanted;
  const isAside = side === 'left' || side === 'right';
  const middleX = anchor.left + anchor.width / 2;
  const middleY = anchor.top + anchor.height / 2;
  const before = side === 'top' || side === 'left';

  if (isAside) {
    const left = before ? anchor.left - size.width - GAP_PX : anchor.left + anchor.width + GAP_PX;
    const top = inside(middleY - size.height / 2, size.height, room.height);
    return { side, left, top, arrowLeft: before ? size.width : 0, arrowTop: middleY - top };
  }
  const left = inside(middleX - size.width / 2, size.width, room.width);
  const top = before ? anchor.top - size.height - GAP_PX : anchor.top + anchor.height + GAP_PX;
  return { side, left, top, arrowLeft: middleX - left, arrowTop: before ? size.height : 0 };
}
