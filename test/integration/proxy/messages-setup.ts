/** A proxy with in-app messages, and servers in the place of Customer.io's services. */
import {
  createProxy,
  type CioProxy,
  type InAppOptions,
  type ProxyLogEntry,
  type ProxyOptions,
} from '../../../src/proxy.ts';
import type { HandledInboxMessage, QueueMessage } from '../../../src/protocol/messages.ts';
import { claims, SECRET, signed } from './key-server.ts';
import { bearer, CLIENT_KEY, post, WRITE_KEY } from './setup.ts';
import { startUpstream, type Upstream } from './upstream.ts';

export const SITE_ID = 'site-id-of-the-workspace';
export const FETCH = '/v1/messages/fetch';
export const SEEN = '/v1/messages/seen';
export const METRIC = '/v1/messages/metric';
export const GUEST_SECRET = 'a secret of anonymous messages, 32 bytes';

export interface MessagesSetting {
  readonly proxy: CioProxy;
  readonly pipelines: Upstream;
  readonly inApp: Upstream;
  readonly log: ProxyLogEntry[];
  /** Makes a call with a token of `subject`. */
  ask(path: string, body?: object, subject?: string, headers?: Record<string, string>): Promise<Response>;
  /** Makes a call with the client key alone. */
  askAnonymously(path: string, body?: object, headers?: Record<string, string>): Promise<Response>;
}

/** The options of the proxy. `inApp`: options besides the site id and the URL of the service. */
export type MessagesOptions = Omit<Partial<ProxyOptions>, 'inApp'> & {
  readonly inApp?: Partial<InAppOptions>;
};

/** Starts a proxy. */
export async function startMessages(
  { inApp: more = {}, ...options }: MessagesOptions = {},
  queue: object = QUEUE,
): Promise<MessagesSetting> {
  const [pipelines, inApp] = await Promise.all([startUpstream(), startUpstream()]);
  inApp.respond({ body: JSON.stringify(queue) });
  const log: ProxyLogEntry[] = [];
  const proxy = createProxy({
    writeKey: WRITE_KEY,
    clientKeys: [CLIENT_KEY],
    upstreamUrl: pipelines.url,
    customerToken: { secret: SECRET },
    inApp: { siteId: SITE_ID, url: inApp.url, ...more },
    onLog: (entry) => log.push(entry),
    ...options,
  });
  const askAnonymously: MessagesSetting['askAnonymously'] = async (path, body = {}, headers = {}) =>
    proxy.fetch(post([], { path, headers, body: JSON.stringify(body) }));
  const ask: MessagesSetting['ask'] = async (path, body, subject = 'u1', headers = {}) =>
    askAnonymously(path, body, bearer(await signed(claims({ sub: subject })), headers));
  return { proxy, pipelines, inApp, log, ask, askAnonymously };
}

export interface Fetched {
  readonly messages: readonly QueueMessage[];
  readonly inbox: readonly HandledInboxMessage[];
  readonly unchanged?: true;
  readonly nextInSeconds: number;
  readonly stream: boolean;
  readonly inboxEnabled?: boolean;
  readonly serverTime: number;
}

export const bodyOf = async (response: Response): Promise<Fetched> => (await response.json()) as Fetched;

/** Fetches the messages of `subject`, and returns the handle of the first. */
export async function handleOf({ ask }: MessagesSetting, subject = 'u1'): Promise<string> {
  const { messages } = await bodyOf(await ask(FETCH, {}, subject));
  return messages[0]?.handle ?? '';
}

export const GIST = {
  campaignId: 'd1',
  encodedMessageHtml: 'H4sI',
  routeRuleWeb: '^(.*)$',
  position: 'center',
};
const BROADCAST = { broadcastIdInt: 7, templateId: 3, frequency: { count: 1, delay: 0 } };

export const QUEUE = {
  inAppMessages: [
    { queueId: 'q1', messageId: 'm1', priority: 5, properties: { gist: GIST, plan: 'pro' }, userToken: 'u1' },
    { queueId: 'q2', messageId: 'm2', priority: 1, properties: { gist: { broadcast: BROADCAST } } },
    { queueId: 'q3', messageId: 'm3', properties: { gist: { contentId: 1, templateId: 2 } } },
    { queueId: 'q4', messageId: 'm4', properties: { gist: { contentId: '1', templateId: 2 } } },
    { messageId: 'without a queue id' },
    'nonsense',
  ],
  inboxMessages: [
    {
      queueId: 'i1',
      deliveryId: 'd2',
      sentAt: '2026-01-02T03:04:05Z',
      opened: false,
      properties: { title: 'Hi' },
    },
    { queueId: 'i2', sentAt: '2026-01-02T03:04:05Z', opened: true },
    { queueId: 'i3', deliveryId: 'd3', sentAt: '2020-01-02T03:04:05Z', expiry: '2020-01-03T00:00:00Z' },
  ],
};
