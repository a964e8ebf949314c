/** A proxy with stand-ins for the services that private calls use, and the data of a person. */
import { createProxy, type CioProxy, type ProxyLogEntry, type ProxyOptions } from '../../../src/proxy.ts';
import { claims, SECRET, signed } from './key-server.ts';
import { bearer, CLIENT_KEY, post, WRITE_KEY } from './setup.ts';
import { startUpstream, type Upstream } from './upstream.ts';

export const APP_KEY = 'app-api-key-of-the-workspace';

export const SITE_ID = 'site-id-of-the-workspace';

export const ATTRIBUTES = '/v1/customers/attributes';

export const CATEGORIES = '/v1/consent/categories';

export const FETCH = '/v1/inbox/fetch';

export const READ = '/v1/inbox/mark-as-read';

export const DELETE = '/v1/inbox/delete';

export const ALL: readonly (readonly [string, object])[] = [
  [ATTRIBUTES, {}],
  [CATEGORIES, {}],
  [FETCH, {}],
  [READ, { id: 'q1' }],
  [DELETE, { id: 'q1' }],
];

export interface Setting {
  readonly proxy: CioProxy;
  readonly pipelines: Upstream;
  readonly app: Upstream;
  readonly inApp: Upstream;
  readonly log: ProxyLogEntry[];
  /** Makes a call with a token of `subject`. */
  ask(
    path: string,
    body?: object | string,
    subject?: string,
    headers?: Record<string, string>,
  ): Promise<Response>;
}

/** Starts a proxy with the three services of Customer.io behind it. */
export async function start(
  more: Partial<ProxyOptions> | ((app: Upstream) => Partial<ProxyOptions>) = {},
): Promise<Setting> {
  const [pipelines, app, inApp] = await Promise.all([startUpstream(), startUpstream(), startUpstream()]);
  app.respond(({ path }) => ({ body: JSON.stringify(path.includes('/attributes') ? PERSON : PREFERENCES) }));
  inApp.respond({ body: JSON.stringify(QUEUE) });
  const log: ProxyLogEntry[] = [];
  const proxy = createProxy({
    writeKey: WRITE_KEY,
    clientKeys: [CLIENT_KEY],
    upstreamUrl: pipelines.url,
    customerToken: { secret: SECRET },
    appApi: { key: APP_KEY, url: app.url },
    inApp: { siteId: SITE_ID, url: inApp.url },
    onLog: (entry) => log.push(entry),
    ...(typeof more === 'function' ? more(app) : more),
  });
  const ask: Setting['ask'] = async (path, body = {}, subject = 'u1', headers = {}) =>
    proxy.fetch(
      post([], {
        path,
        headers: bearer(await signed(claims({ sub: subject })), headers),
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    );
  return { proxy, pipelines, app, inApp, log, ask };
}

export const PERSON = {
  customer: {
    id: 'u1',
    identifiers: { id: 'u1', email: 'ada@example.com', cio_id: '03000001' },
    attributes: { plan: 'pro', email: 'ada@example.com', created_at: '1489014595' },
    timestamps: { plan: 1_700_000_000 },
    unsubscribed: false,
    devices: [{ id: 'device-token', platform: 'ios' }],
  },
};

const PREFERENCES = {
  customer: {
    id: 'u1',
    identifiers: { id: 'u1', email: 'ada@example.com' },
    topics: [
      { id: 7, name: 'News', description: 'Once a week', subscribed: true, internal: 'x' },
      { id: '8', name: 'Offers', subscribed: false },
      { id: 'topic_9', name: 'Events', description: null, subscribed: true },
      { id: 10, name: 'Broken', subscribed: 'yes' },
      { name: 'Nameless', subscribed: true },
      null,
    ],
    header: { title: 'Choose' },
  },
};

const QUEUE = {
  inAppMessages: [{ queueId: 'modal', userToken: 'u1' }],
  inboxMessages: [
    {
      queueId: 'q1',
      userToken: 'secret-user-token',
      deliveryId: 'delivery-1',
      messageType: 'inbox',
      type: 'news',
      sentAt: '2026-01-02T03:04:05Z',
      expiry: '2099-01-01T00:00:00Z',
      opened: false,
      priority: 2,
      topics: ['offers', 7],
      properties: { title: 'Hello' },
    },
    { queueId: 'q2', sentAt: '2026-01-02T03:04:05Z', opened: true, priority: null },
    { queueId: 'q3', sentAt: '2020-01-02T03:04:05Z', opened: true, expiry: '2020-01-03T00:00:00Z' },
    { sentAt: '2026-01-02T03:04:05Z' },
    'nonsense',
  ],
};
