import type { QueueMessage } from '../../protocol/messages.ts';
import { type Broadcast, isShownAlways, readBroadcast } from './broadcast.ts';

/** Where and how a message is shown: the fields of `properties.gist`, with a value of the right type in each. */
export interface Placement {
  readonly display: 'modal' | 'overlay' | 'inline' | 'tooltip';
  /** The place that the message occupies: no two open messages have the same. */
  readonly slot: string;
  /** The place of a modal. */
  readonly position: 'center' | 'top' | 'bottom';
  /** The id of an overlay, or the id or CSS selector of the element of an inline message or tooltip. Missing: a modal. */
  readonly elementId?: string;
  readonly tooltipPosition: 'top' | 'bottom' | 'left' | 'right';
  readonly tooltipArrowColor: string;
  readonly widthPx: number;
  /** A CSS colour. */
  readonly overlayColor: string;
  /** Whether Escape, or a click outside the message, closes it. */
  readonly exitClick: boolean;
  /** Whether a message that is too high is made smaller, instead of being cut. */
  readonly isScaled: boolean;
  /** The pattern of the pages (`routeRuleWeb`). */
  readonly rule?: string;
  /** Whether the message stays from page to page until the visitor closes it. */
  readonly isPersistent: boolean;
  /** Missing: an ordinary message of the person's queue. */
  readonly broadcast?: Broadcast;
  /** The step that the message begins with. */
  readonly step?: string;
  /** `campaignId`, for the event `message`. */
  readonly deliveryId?: string;
}

/** The ids of overlays. The page does not need to have these elements: the SDK adds them. */
const OVERLAYS = /^x-gist-(?:(?:floating-)?(?:top|bottom)|floating-(?:top|bottom)-(?:left|right))$/;

/** `#rgb` to `#rrggbbaa`, the functions, and the names. A colour that is none of these could bring other declarations into a style. */
const COLOR = /^(?:#[\da-f]{3,8}|(?:rgb|hsl)a?\([\d\s.,%/]{1,40}\)|[a-z]{3,20})$/i;

/** Customer.io's own defaults. */
const WIDTH_PX = 414;
const OVERLAY_COLOR = '#00000033';
const ARROW_COLOR = '#fff';

type Fields = Readonly<Partial<Record<string, unknown>>>;

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value ? (value as Fields) : {});
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.length <= 1_000 ? value || undefined : undefined;
const colorOf = (value: unknown, otherwise: string): string =>
  typeof value === 'string' && COLOR.test(value) ? value : otherwise;

function oneOf<T>(allowed: readonly T[], value: unknown): T | undefined {
  return allowed.find((each) => each === value);
}

/**
 * Reads the placement of a message. A field of a wrong type gets its default. Returns undefined for a message that must not be shown
 * at all: a broadcast that does not say how often it is shown.
 */
export function readPlacement(message: Pick<QueueMessage, 'properties'>): Placement | undefined {
  const gist = fieldsOf(fieldsOf(message.properties)['gist']);
  const elementId = textOf(gist['elementId']);
  const tooltipPosition = oneOf(['top', 'bottom', 'left', 'right'] as const, gist['tooltipPosition']);
  const rule = gist['routeRuleWeb'];
  const step = textOf(gist['stepId']);
  const deliveryId = textOf(gist['campaignId']);
  const width = gist['messageWidth'];
  const isBroadcast = Boolean(gist['broadcast']);
  const broadcast = readBroadcast(gist['broadcast']);
  if (isBroadcast && !broadcast) return undefined;
  return {
    display: !elementId
      ? 'modal'
      : tooltipPosition
        ? 'tooltip'
        : OVERLAYS.test(elementId)
          ? 'overlay'
          : 'inline',
    slot: elementId ? `element ${elementId}` : 'modal',
    position: oneOf(['center', 'top', 'bottom'] as const, gist['position']) ?? 'center',
    ...(elementId && { elementId }),
    tooltipPosition: tooltipPosition ?? 'bottom',
    tooltipArrowColor: colorOf(gist['tooltipArrowColor'], ARROW_COLOR),
    widthPx: typeof width === 'number' && width > 0 && width <= 10_000 ? width : WIDTH_PX,
    overlayColor: colorOf(gist['overlayColor'], OVERLAY_COLOR),
    exitClick: gist['exitClick'] === true,
    isScaled: gist['scale'] === true,
    ...(typeof rule === 'string' && rule && { rule }),
    isPersistent: gist['persistent'] === true,
    ...(broadcast && { broadcast }),
    ...(step && { step }),
    ...(deliveryId && { deliveryId }),
  };
}

/** Whether the message stays open from page to page: it is shown again until it is closed, and reported as opened only once. */
export const isLasting = ({ isPersistent, broadcast }: Placement): boolean =>
  isPersistent || (broadcast !== undefined && isShownAlways(broadcast));
