/** Makes in-app messages as Customer.io's in-app service sends them. */
import { gunzipSync, gzipSync } from 'node:zlib';
import type { InAppMessage } from '../../../demo/pipelines/people.ts';

/** The properties that the site reads: `properties.gist`. */
export interface GistProperties extends Readonly<Record<string, unknown>> {
  /** The delivery id. */
  readonly campaignId?: string;
  /** base64 of the gzipped HTML document. */
  readonly encodedMessageHtml?: string;
  /** A regular expression of the page. */
  readonly routeRuleWeb?: string;
  /** The place of an inline message; the anchor of a tooltip. */
  readonly elementId?: string;
  readonly position?: 'center' | 'top' | 'bottom';
  readonly tooltipPosition?: 'top' | 'bottom' | 'left' | 'right';
  readonly messageWidth?: number;
  readonly overlayColor?: string;
  readonly exitClick?: boolean;
  readonly scale?: boolean;
  readonly persistent?: boolean;
  readonly broadcast?: {
    readonly broadcastIdInt?: number;
    readonly broadcastId?: number;
    readonly templateId?: number;
    /** Seconds in `delay`; `count` 0: no limit. Real broadcasts without it exist. */
    readonly frequency?: { readonly count: number; readonly delay: number; readonly ignoreDismiss?: boolean };
  };
}

/** A message before it is packed. */
export interface MessageParts {
  /** @default 'q1' */
  readonly queueId?: string;
  /** An id such as `V8-error--m1` makes the renderer behave as that variant. @default 'gist-html-' and the queue id */
  readonly messageId?: string;
  /** `null`: a message without a campaign. @default 'd1' */
  readonly deliveryId?: string | null;
  /** A complete document, or the inside of its body. @default a paragraph and a button that closes */
  readonly html?: string;
  /** Lower is shown first; `null`: a message without it. @default 5 */
  readonly priority?: number | null;
  /** More properties of `properties.gist`, or other values for those that are set here. */
  readonly gist?: GistProperties;
  /** Properties next to `gist`. */
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** Returns base64 of the gzipped text, as in `encodedMessageHtml`. */
export const packHtml = (html: string): string => gzipSync(html).toString('base64');

/** Reverses `packHtml`. */
export const unpackHtml = (encoded: string): string => gunzipSync(Buffer.from(encoded, 'base64')).toString();

/**
 * Makes a message of the queue.
 *
 * @example
 * message({ queueId: 'q1', deliveryId: 'd1', html: '<p>Hello</p>', gist: { routeRuleWeb: '^(checkout)$' } });
 */
export function message(parts: MessageParts = {}): InAppMessage {
  const { queueId = 'q1', deliveryId = 'd1', priority = 5, gist, properties } = parts;
  const { messageId = `gist-html-${queueId}`, html = defaultHtml(queueId) } = parts;
  return {
    queueId,
    messageId,
    ...(priority !== null && { priority }),
    properties: {
      ...properties,
      gist: {
        ...(deliveryId !== null && { campaignId: deliveryId }),
        encodedMessageHtml: packHtml(documentOf(html)),
        ...gist,
      },
    },
  };
}

/** Makes a message for everybody, guests included. */
export function broadcast({ gist, ...parts }: MessageParts = {}): InAppMessage {
  const frequency = { count: 1, delay: 0, ignoreDismiss: false };
  return message({
    deliveryId: null,
    ...parts,
    gist: { broadcast: { broadcastIdInt: 7, broadcastId: 7, templateId: 3, frequency }, ...gist },
  });
}

function defaultHtml(queueId: string): string {
  return `<p>Message ${queueId}</p><button data-action="gist://close" data-name="close">Close</button>`;
}

function documentOf(html: string): string {
  return /^\s*<(?:!doctype|html)/i.test(html)
    ? html
    : `<!DOCTYPE html><html><head><title>A message</title><style>p { margin: 0 }</style></head><body>${html}</body></html>`;
}
