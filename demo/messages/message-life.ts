/** The life of each message of the shop, as Customer.io sees it. The pages of this browser note the rest. */
import { rightNow } from '../clock.ts';
import { isObject } from '../http.ts';
import type { ReceivedEvent } from '../pipelines/call.ts';
import { targetOf } from '../pipelines/in-app/routes.ts';
import type { Campaign, MessageKind } from './shop-campaigns.ts';

/** How often something happened to a message, and when it happened last, in milliseconds since the epoch. */
export interface Times {
  readonly count: number;
  readonly atMs: number;
  /** The name of the button, for a click. */
  readonly name?: string | undefined;
}

export interface MessageLife {
  readonly queueId: string;
  /** The pages of the shop note what happens to a message by this id. */
  readonly messageId: string;
  readonly kind: MessageKind;
  readonly title: string;
  /** Missing: the message is for everybody. */
  readonly person?: { readonly id: string; readonly name: string } | undefined;
  readonly queuedMs: number;
  /** How many open streams it was sent to at once. */
  readonly streams: number;
  /** Requests that say that a page has shown the message for good: the service does not send it again. */
  readonly seen: Times;
  readonly opened: Times;
  readonly clicked: Times;
}

export interface MessageLives {
  /** The newest first. */
  all(): readonly MessageLife[];
  queued(campaign: Campaign, person: MessageLife['person'], streams: number): void;
  /** A request of the proxy to the in-app service. */
  noteRequest(path: string, status: number): void;
  noteEvents(events: readonly ReceivedEvent[]): void;
}

const MOST_LIVES = 40;
const NEVER: Times = { count: 0, atMs: 0 };

/** `onChange` is called when something has become of a message. */
export function createMessageLives(onChange: () => void): MessageLives {
  let lives: readonly (MessageLife & { readonly reported: string })[] = [];

  function count(
    is: (life: (typeof lives)[number]) => boolean,
    what: 'seen' | 'opened' | 'clicked',
    name?: string,
  ): void {
    if (!lives.some(is)) return;
    const atMs = rightNow();
    lives = lives.map((life) =>
      is(life) ? { ...life, [what]: { count: life[what].count + 1, atMs, name } } : life,
    );
    onChange();
  }

  return {
    all: () => lives,
    queued({ kind, title, message }, person, streams) {
      const { queueId, messageId, properties } = message;
      const life = { queueId, messageId, kind, title, person, queuedMs: rightNow(), streams };
      const reported = reportedOf(properties);
      lives = [{ ...life, reported, seen: NEVER, opened: NEVER, clicked: NEVER }, ...lives].slice(
        0,
        MOST_LIVES,
      );
      onChange();
    },
    noteRequest(path, status) {
      const target = targetOf(path);
      if (target?.route === 'seen' && status < 300) count(({ queueId }) => queueId === target.id, 'seen');
    },
    noteEvents(events) {
      for (const { type, event, properties } of events) {
        if (type !== 'track' || !isObject(properties)) continue;
        const what = METRICS[`${String(event)} ${String(properties['metric'] ?? properties['actionType'])}`];
        const key = String(properties['deliveryId'] ?? properties['contentId']);
        const name = properties['actionName'];
        if (what)
          count(({ reported }) => reported === key, what, typeof name === 'string' ? name : undefined);
      }
    },
  };
}

const METRICS: Readonly<Record<string, 'opened' | 'clicked'>> = {
  'Report Delivery Event opened': 'opened',
  'Report Delivery Event clicked': 'clicked',
  'Report Content Event viewed_content': 'opened',
  'Report Content Event clicked_content': 'clicked',
};

/** The id by which an event names the message. */
function reportedOf({ gist }: Campaign['message']['properties']): string {
  if (!isObject(gist)) return '';
  const { campaignId, broadcast } = gist;
  return String(campaignId ?? (isObject(broadcast) && broadcast['broadcastIdInt']));
}
