/** The inbox and the topics that Customer.io's stand-in has for a new person, by the interests of that person. */
import { findProduct } from '../catalogue.ts';
import type { Person } from '../pipelines/people.ts';
import type { Season, Shopper } from './people.ts';

interface Advice {
  readonly slug: string;
  readonly title: string;
  readonly body: string;
}

const ADVICE: Readonly<Record<Season, Advice>> = {
  Spring: {
    slug: 'cinder',
    title: 'Wet boots, warm soup',
    body: 'Spring paths are streams. A stove that lights in the rain makes up for it.',
  },
  Summer: {
    slug: 'beck',
    title: 'Cold tea at noon',
    body: 'Fill the flask before sunrise and it is still cold when the shade is gone.',
  },
  Autumn: {
    slug: 'glim',
    title: 'The light goes early now',
    body: 'By six it is dark in the valley. A lantern for the tent weighs less than a late dinner.',
  },
  Winter: {
    slug: 'heath',
    title: 'One blanket more',
    body: 'Snow is quiet, and cold to sit on. Wool keeps warm even when it is damp.',
  },
};

const TOPICS = [
  { name: 'New gear', description: 'When something joins the eight.' },
  { name: 'Trail notes', description: 'One walk a month, with a map.' },
  { name: 'Care and repair', description: 'How to mend what you have.' },
] as const;

const MINUTE_MS = 60_000;

/** The product for a season, and the words for it. */
export const adviceFor = (season: Season): Advice => ADVICE[season];

/** @param nowMs milliseconds since the epoch */
export function welcomeOf({ id, name, email, season }: Shopper, nowMs: number): Person {
  const sentAt = (minutesAgo: number): string => new Date(nowMs - minutesAgo * MINUTE_MS).toISOString();
  const { slug, title, body } = ADVICE[season];
  const [firstName = name] = name.split(' ');
  const liked = Object.keys(ADVICE).indexOf(season);
  return {
    attributes: { name, email, favourite_season: season },
    topics: TOPICS.map(({ name, description }, index) => ({
      id: index + 1,
      name,
      description,
      subscribed: (index + liked) % 2 === 0,
    })),
    messages: [
      {
        queueId: `${id}-welcome`,
        deliveryId: `delivery-${id}-welcome`,
        topics: ['Shop'],
        opened: false,
        sentAt: sentAt(2),
        properties: {
          title: `Welcome to the valley, ${firstName}`,
          body: 'This message is for you alone: the proxy asked who you are before it fetched it.',
        },
      },
      {
        queueId: `${id}-season`,
        deliveryId: `delivery-${id}-season`,
        topics: ['Advice'],
        opened: false,
        sentAt: sentAt(26 * 60),
        properties: {
          title,
          body,
          link: `/products/${slug}`,
          linkText: `See ${findProduct(slug)?.name ?? ''}`,
        },
      },
      {
        queueId: `${id}-care`,
        deliveryId: `delivery-${id}-care`,
        topics: ['Care'],
        opened: true,
        sentAt: sentAt(9 * 24 * 60),
        properties: {
          title: 'Gear is mended, not replaced',
          body: 'Whatever you buy here comes with thread, patches and our number.',
        },
      },
    ],
  };
}
