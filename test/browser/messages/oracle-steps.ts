/** The messages and the steps that the scenarios of the oracle test are made of. */
import type { InAppMessage } from '../../../demo/pipelines/people.ts';
import type { Difference } from '../../support/messages/oracle-facts.ts';
import type { Step, Visit } from '../../support/messages/oracle-visit.ts';
import {
  broadcast,
  type GistProperties,
  message,
  type MessageParts,
} from '../../support/site/in-app-message.ts';

export interface Scenario {
  readonly name: string;
  /** Whether messages are also shown to visitors who are not identified. @default false */
  readonly anonymous?: boolean;
  readonly steps: readonly Step[];
  readonly wanted: readonly (Difference & { readonly why: string })[];
}

/** The buttons of a message: the name and the action of each. */
type Buttons = Readonly<Record<string, string>>;

export const CLOSE: Buttons = { close: 'gist://close' };

function html(queueId: string, buttons: Buttons): string {
  const rows = Object.entries(buttons).map(
    ([name, action]) => `<button data-name="${name}" data-action="${action}">${name}</button>`,
  );
  return `<p data-message="${queueId}">Message ${queueId}</p>${rows.join('')}`;
}

const partsOf = (
  queueId: string,
  priority: number,
  gist: GistProperties,
  buttons: Buttons,
): MessageParts => ({
  queueId,
  priority,
  deliveryId: `delivery-${queueId}`,
  html: html(queueId, buttons),
  gist,
});

export const own = (
  queueId: string,
  priority = 5,
  gist: GistProperties = {},
  buttons = CLOSE,
): InAppMessage => message(partsOf(queueId, priority, gist, buttons));

interface Frequency {
  readonly count: number;
  readonly delay: number;
  readonly ignoreDismiss?: boolean;
}

const IDS = { broadcastIdInt: 7, broadcastId: 7, templateId: 3 };

export const everybodys = (
  queueId: string,
  frequency: Frequency | undefined,
  priority = 5,
  gist: GistProperties = {},
): InAppMessage =>
  broadcast({
    ...partsOf(queueId, priority, { ...gist, broadcast: { ...IDS, ...(frequency && { frequency }) } }, CLOSE),
    deliveryId: null,
  });

/** A place next to the modal: a message there is shown after all messages of a lower priority number were passed over. */
export const CORNER: GistProperties = { elementId: 'x-gist-floating-bottom-right' };

const queue =
  (...messages: readonly InAppMessage[]) =>
  ({ standIn }: Visit): Promise<void> =>
    standIn.setMessages('u1', messages);

export const opened =
  (...messages: readonly InAppMessage[]) =>
  async (visit: Visit): Promise<void> => {
    await queue(...messages)(visit);
    await visit.open('/shop');
  };

/** Identifies the visitor, and waits until the message is shown. */
export const arrives =
  (queueId: string) =>
  async (visit: Visit): Promise<void> => {
    await visit.identify('u1');
    await visit.told('shown', queueId);
  };

export const loads =
  (path: string, ...shown: readonly string[]) =>
  async (visit: Visit): Promise<void> => {
    await visit.open(path);
    for (const queueId of shown) await visit.told('shown', queueId);
  };

export const closes =
  (queueId: string, next?: string) =>
  async (visit: Visit): Promise<void> => {
    await visit.tap(queueId, 'close');
    await visit.told('dismissed', queueId);
    if (next !== undefined) await visit.told('shown', next);
  };

/** Loads the page for a visitor who is not identified. */
export const loadsFor =
  (messages: readonly InAppMessage[], ...shown: readonly string[]) =>
  async (visit: Visit): Promise<void> => {
    await visit.standIn.setBroadcasts(messages);
    await loads('/shop', ...shown)(visit);
  };

export const addSlot = ({ page }: Visit): Promise<void> =>
  page.evaluate(() => {
    const slot = document.createElement('div');
    slot.id = 'slot';
    slot.textContent = 'Own content';
    document.body.append(slot);
  });

export const removeSlot = ({ page }: Visit): Promise<void> =>
  page.evaluate(() => document.querySelector('#slot')?.remove());
