import type { QueueMessage } from '../../protocol/messages.ts';
import { type Broadcast, isShownAlways, readBroadcast } from './broadcast.ts';

/** When and how often a message is shown, and the place that it takes: fields of `properties.gist`, with a value of the right type in each. */
export interface ShowRules {
  /** The place that the message occupies: no two open messages have the same. */
  readonly slot: string;
  /** The id or CSS selector of the element that must be in the page before the message is shown. Missing: no element is needed. */
  readonly neededElement?: string;
  /** The pattern of the pages (`routeRuleWeb`). */
  readonly rule?: string;
  /** Whether the message stays from page to page until the visitor closes it. */
  readonly isPersistent: boolean;
  /** Missing: an ordinary message of the person's queue. */
  readonly broadcast?: Broadcast;
  /** `campaignId`, for the event `message`. */
  readonly deliveryId?: string;
}

/** The ids of overlays. The page does not need to have these elements: the SDK adds them. */
const OVERLAYS = /^x-gist-(?:(?:floating-)?(?:top|bottom)|floating-(?:top|bottom)-(?:left|right))$/;

type Fields = Readonly<Partial<Record<string, unknown>>>;

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value ? (value as Fields) : {});
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.length <= 1_000 ? value || undefined : undefined;

/**
 * Reads the rules of a message. A field of a wrong type counts as missing. Returns undefined for a message that must not be shown
 * at all: a broadcast that does not say how often it is shown.
 */
export function readShowRules(message: Pick<QueueMessage, 'properties'>): ShowRules | undefined {
  const gist = fieldsOf(fieldsOf(message.properties)['gist']);
  const elementId = textOf(gist['elementId']);
  const rule = gist['routeRuleWeb'];
  const deliveryId = textOf(gist['campaignId']);
  const isBroadcast = Boolean(gist['broadcast']);
  const broadcast = readBroadcast(gist['broadcast']);
  if (isBroadcast && !broadcast) return undefined;
  return {
    slot: elementId ? `element ${elementId}` : 'modal',
    ...(elementId && !OVERLAYS.test(elementId) && { neededElement: elementId }),
    ...(typeof rule === 'string' && rule && { rule }),
    isPersistent: gist['persistent'] === true,
    ...(broadcast && { broadcast }),
    ...(deliveryId && { deliveryId }),
  };
}

/** Whether the message stays open from page to page: it is shown again until it is closed, and reported as opened only once. */
export const isLasting = ({ isPersistent, broadcast }: ShowRules): boolean =>
  isPersistent || (broadcast !== undefined && isShownAlways(broadcast));
