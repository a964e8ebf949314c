/** Queues the messages of the shop in Customer.io's stand-in, and sends them to the pages that are open. */
import type { Shopper } from '../account/people.ts';
import type { RendererBehaviour } from '../faults.ts';
import type { ReceivedEvent } from '../pipelines/call.ts';
import type { InAppMessage } from '../pipelines/people.ts';
import type { Services } from '../pipelines/services.ts';
import { createMessageLives, type MessageLife } from './message-life.ts';
import {
  type Campaign,
  consoleCampaign,
  type MessageKind,
  openingBroadcast,
  welcomeCampaigns,
} from './shop-campaigns.ts';

export interface ShopMessages {
  /** Queues the messages for somebody who is new here. */
  greet(shopper: Shopper): void;
  /** Queues a new message of this kind. Returns false when the person is not known. A broadcast is for everybody. */
  send(kind: MessageKind, userId: string | null): boolean;
  /** The renderer of messages that are fetched from now on. */
  setRenderer(renderer: RendererBehaviour): void;
  report(): MessageReport;
  noteEvents(events: readonly ReceivedEvent[]): void;
  /** Returns the function that removes the listener. */
  onChange(listener: () => void): () => void;
}

export interface MessageReport {
  readonly lives: readonly MessageLife[];
  /** The persons for whom a message can be queued. */
  readonly people: readonly { readonly id: string; readonly name: string }[];
}

/** How the stand-in's renderer is told to behave: by a prefix of the message id. */
const VARIANTS: Readonly<Record<RendererBehaviour, string>> = {
  fine: '',
  slow: 'V1-slow--',
  silent: 'V8-silent--',
  broken: 'V8-error--',
};

/** Visitors without a token have no stream: they get a broadcast with their next fetch, after this time. */
const POLLING_SECONDS = 10;

export function createShopMessages({ inApp, people, onQuestion }: Services): ShopMessages {
  const shoppers = new Map<string, string>();
  const listeners = new Set<() => void>();
  const tell = (): void => listeners.forEach((listener) => listener());
  const lives = createMessageLives(tell);
  let variant = '';
  let sent = 0;

  // Neither browsers nor proxies ask for the page of the renderer again within five minutes. So its behaviour is a matter of
  // the messages, which are fetched all the time.
  const withVariant = (message: InAppMessage): InAppMessage => ({
    ...message,
    messageId: variant + message.messageId.replace(/^V\d[\w-]*?--/, ''),
  });
  const queueOf = (id: string): readonly InAppMessage[] => people.find(id)?.inAppMessages ?? [];

  /** Returns the number of streams that the queue of the person was sent to. */
  function push(id: string): number {
    return inApp.streams.push(id, { event: 'messages', data: [...queueOf(id), ...inApp.broadcasts()] });
  }

  function queue(campaign: Campaign, person: { readonly id: string; readonly name: string }): void {
    people.setInAppMessages(person.id, [...queueOf(person.id), withVariant(campaign.message)]);
    lives.queued(campaign, person, push(person.id));
  }

  function queueForAll(campaign: Campaign): void {
    inApp.setBroadcasts([...inApp.broadcasts(), withVariant(campaign.message)]);
    const streams = [...shoppers.keys()].reduce((sum, id) => sum + push(id), 0);
    lives.queued(campaign, undefined, streams);
  }

  inApp.setSettings({ pollingInterval: POLLING_SECONDS, useSse: true });
  queueForAll(openingBroadcast());
  onQuestion(({ service, path, status }) => {
    if (service === 'in-app') lives.noteRequest(path, status);
  });

  return {
    greet(shopper) {
      shoppers.set(shopper.id, shopper.name);
      for (const campaign of welcomeCampaigns(shopper)) queue(campaign, shopper);
    },
    send(kind, userId) {
      const name = shoppers.get(userId ?? '');
      if (kind !== 'broadcast' && (userId === null || name === undefined)) return false;
      sent += 1;
      const campaign = consoleCampaign(kind, sent);
      if (userId === null || name === undefined || kind === 'broadcast') queueForAll(campaign);
      else queue(campaign, { id: userId, name });
      return true;
    },
    setRenderer(renderer) {
      if (variant === VARIANTS[renderer]) return;
      variant = VARIANTS[renderer];
      inApp.setBroadcasts(inApp.broadcasts().map(withVariant));
      for (const id of shoppers.keys()) {
        people.setInAppMessages(id, queueOf(id).map(withVariant));
        push(id);
      }
    },
    report: () => ({ lives: lives.all(), people: Array.from(shoppers, ([id, name]) => ({ id, name })) }),
    noteEvents: (events) => lives.noteEvents(events),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
