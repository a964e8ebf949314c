/** The messages of the shop: what they say, where they are shown, and how often. */
import { adviceFor } from '../account/welcome.ts';
import type { Shopper } from '../account/people.ts';
import { findProduct } from '../catalogue.ts';
import type { InAppMessage } from '../pipelines/people.ts';
import { type MessageLayout, type MessageText, packedMessage } from './message-html.ts';

export const MESSAGE_KINDS = ['modal', 'banner', 'broadcast'] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** A message with the words for it in the console. */
export interface Campaign {
  readonly kind: MessageKind;
  readonly title: string;
  readonly message: InAppMessage;
}

/** `properties.gist` without the document. */
type Gist = Readonly<Record<string, unknown>>;

interface Parts {
  readonly queueId: string;
  readonly kind: MessageKind;
  readonly layout: MessageLayout;
  readonly text: MessageText;
  readonly gist: Gist;
  /** Lower is shown first. */
  readonly priority: number;
  /** Properties of the message beside `gist`. */
  readonly properties?: Gist;
}

function campaign({ queueId, kind, layout, text, gist, priority, properties }: Parts): Campaign {
  const encodedMessageHtml = packedMessage(layout, text);
  return {
    kind,
    title: text.title,
    message: {
      queueId,
      messageId: `gist-html-${queueId}`,
      priority,
      properties: { ...properties, gist: { ...gist, encodedMessageHtml } },
    },
  };
}

/** A broadcast has no delivery: what becomes of it is reported by the ids of its content. */
const shownUntilClosed = (contentId: number): Gist => ({
  broadcastId: contentId,
  broadcastIdInt: contentId,
  templateId: 1,
  frequency: { count: 0, delay: 0, ignoreDismiss: false },
});

/** The broadcast that waits for visitors when the shop opens. `audience` is a property that the shop's `canShow` reads. */
export function openingBroadcast(): Campaign {
  return campaign({
    queueId: 'broadcast-trail-notes',
    kind: 'broadcast',
    layout: 'note',
    priority: 3,
    text: {
      title: 'One walk a month, with a map',
      body: 'Sign in and choose Trail notes: no offers in between, only paths.',
      link: { path: '/account', words: 'Sign in', name: 'sign-in' },
      close: 'Not now',
    },
    gist: { elementId: 'x-gist-floating-bottom', messageWidth: 460, broadcast: shownUntilClosed(1) },
    properties: { audience: 'visitors' },
  });
}

/** The messages of somebody who is new here: an offer on the home page and in the list of gear, and a banner in the cart. */
export function welcomeCampaigns({ id, name, season }: Shopper): readonly Campaign[] {
  const { slug, body } = adviceFor(season);
  const [firstName = name] = name.split(' ');
  const product = findProduct(slug)?.name ?? '';
  return [
    campaign({
      queueId: `${id}-offer`,
      kind: 'modal',
      layout: 'card',
      priority: 1,
      text: {
        eyebrow: `Welcome, ${firstName}`,
        title: `${product}, with your initials`,
        body: `${body} In your first order it comes with your initials on it, for nothing.`,
        link: { path: `/products/${slug}`, words: `See ${product}`, name: 'see-product' },
        close: 'Not now',
        art: slug,
      },
      gist: {
        campaignId: `delivery-${id}-offer`,
        routeRuleWeb: '^(/|/products)$',
        overlayColor: '#0e1513b3',
        exitClick: true,
      },
    }),
    campaign({
      queueId: `${id}-delivery`,
      kind: 'banner',
      layout: 'strip',
      priority: 2,
      text: {
        title: 'Delivery is free from €100',
        body: 'Small things fill a parcel well. It leaves the valley on Thursday.',
        link: { path: '/products?category=kitchen', words: 'See the kitchen', name: 'see-kitchen' },
        close: 'Close',
        art: 'brim',
        space: 'below',
      },
      gist: {
        campaignId: `delivery-${id}-delivery`,
        elementId: 'cart-banner',
        routeRuleWeb: '^/cart$',
        persistent: true,
      },
    }),
  ];
}

/** A message that the console queues. `number` tells it from those before it. */
export function consoleCampaign(kind: MessageKind, number: number): Campaign {
  const queueId = `console-${number}`;
  const campaignId = `delivery-${queueId}`;
  switch (kind) {
    case 'modal':
      return campaign({
        queueId,
        kind,
        layout: 'card',
        priority: 5,
        text: {
          eyebrow: 'Back in stock',
          title: 'Forty tents, and then none until May',
          body: 'The last batch of Lee was gone in nine days. These are sewn, proofed and on the shelf.',
          link: { path: '/products/lee', words: 'See Lee', name: 'see-lee' },
          close: 'Not now',
          art: 'lee',
        },
        gist: { campaignId, overlayColor: '#0e1513b3', exitClick: true },
      });
    case 'banner':
      return campaign({
        queueId,
        kind,
        layout: 'strip',
        priority: 5,
        text: {
          title: 'Repair week',
          body: 'Bring anything that we ever made. Thread and patches are on the table until Friday.',
          link: { path: '/products', words: 'See all gear', name: 'see-gear' },
          close: 'Close',
          art: 'heath',
          space: 'above',
        },
        gist: { campaignId, elementId: 'home-banner', routeRuleWeb: '^/$', persistent: true },
      });
    case 'broadcast':
      return campaign({
        queueId,
        kind,
        layout: 'note',
        priority: 5,
        text: {
          title: 'Snow above 600 m',
          body: 'Parcels may take a day longer this week. The shop is open, and the stove is on.',
          close: 'Good to know',
        },
        // Another place than that of the first broadcast: two messages are never shown in the same.
        gist: {
          elementId: 'x-gist-floating-top',
          messageWidth: 420,
          broadcast: shownUntilClosed(100 + number),
        },
      });
    default:
      return kind satisfies never;
  }
}
