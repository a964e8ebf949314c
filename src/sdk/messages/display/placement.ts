/** Where a message is shown: read from `properties.gist`, which the service sends and which may hold anything. */

export type Side = 'top' | 'bottom' | 'left' | 'right';

export interface ModalPlacement {
  readonly kind: 'modal';
  readonly position: 'center' | 'top' | 'bottom';
  readonly overlayColor: string;
  /** Whether Escape and a click beside the message close it. */
  readonly exitClick: boolean;
}

export interface OverlayPlacement {
  readonly kind: 'overlay';
  readonly edge: 'top' | 'bottom';
  readonly align: 'center' | 'left' | 'right';
  /** As wide as the viewport. */
  readonly isWide: boolean;
}

export interface InlinePlacement {
  readonly kind: 'inline';
  /** Id of an element of the page, or a CSS selector. */
  readonly elementId: string;
}

export interface TooltipPlacement {
  readonly kind: 'tooltip';
  readonly elementId: string;
  readonly side: Side;
  readonly arrowColor: string;
}

export type Placement = (ModalPlacement | OverlayPlacement | InlinePlacement | TooltipPlacement) & {
  /** Two messages with the same slot are never shown at the same time. */
  readonly slot: string;
  /** Width of the frame where it is not as wide as its place, in CSS pixels. */
  readonly widthPx: number;
  /** Whether a message that is higher than the viewport is drawn smaller, and not cut. */
  readonly isScaled: boolean;
  /** Whether the message stays until the visitor closes it. */
  readonly isPersistent: boolean;
};

const DEFAULT_WIDTH_PX = 414;
const OVERLAY = /^x-gist-(?:(top|bottom)|floating-(top|bottom)(?:-(left|right))?)$/;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const oneOf = <const T extends string>(value: unknown, first: T, ...others: readonly T[]): T =>
  others.find((each) => each === value) ?? first;

export function placementOf(properties: Readonly<Record<string, unknown>>): Placement {
  const gist = (properties['gist'] ?? {}) as Readonly<Record<string, unknown>>;
  const elementId = textOf(gist['elementId']);
  const width = gist['messageWidth'];
  const common = {
    widthPx: typeof width === 'number' && width > 0 && width < Infinity ? width : DEFAULT_WIDTH_PX,
    isScaled: gist['scale'] === true,
    isPersistent: gist['persistent'] === true,
  };
  const [isOverlay, wide, floating, align] = OVERLAY.exec(elementId) ?? [];
  if (isOverlay)
    return {
      ...common,
      kind: 'overlay',
      slot: elementId,
      edge: oneOf(wide ?? floating, 'top', 'bottom'),
      align: oneOf(align, 'center', 'left', 'right'),
      isWide: wide !== undefined,
    };
  if (elementId && textOf(gist['tooltipPosition']))
    return {
      ...common,
      kind: 'tooltip',
      slot: `tooltip ${elementId}`,
      elementId,
      side: oneOf(gist['tooltipPosition'], 'top', 'bottom', 'left', 'right'),
      arrowColor: textOf(gist['tooltipArrowColor']) || '#fff',
    };
  if (elementId) return { ...common, kind: 'inline', slot: `inline ${elementId}`, elementId };
  return {
    ...common,
    kind: 'modal',
    slot: 'modal',
    position: oneOf(gist['position'], 'center', 'top', 'bottom'),
    overlayColor: textOf(gist['overlayColor']) || '#00000033',
    exitClick: gist['exitClick'] === true,
  };
}
