/**
 * `test` with a site that shows in-app messages under a strict policy. At the end of every test: no violation
 * of the policy, no uncaught error, no unhandled rejection, and no request to another server.
 */
import type { BrowserContext, FrameLocator, Page } from 'playwright';
import { expect, type Site } from './fixtures.ts';
import { type MemberOptions, signIn, test as base } from './members.ts';
import { messagePages } from './message-pages.ts';
import type { InAppMessage } from '../../../demo/pipelines/people.ts';
import type { OpenSite } from './site.ts';
import type { Arrived, StandIn } from './stand-in.ts';

/** One event `message` of the SDK. */
export interface Heard {
  readonly type: string;
  readonly messageId: string;
  readonly deliveryId?: string;
  readonly actionName?: string;
  readonly actionValue?: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

declare global {
  interface Window {
    heard: Heard[];
    /** The connected frames of the SDK, those in shadow roots included. */
    messageFrames(this: void): HTMLIFrameElement[];
    /** The element that has the focus, also inside shadow roots. */
    focused(this: void): Element | null;
  }
}

export interface VisitOptions extends MemberOptions {
  /** The person who signs in. */
  readonly as?: string;
}

interface VisitFixtures {
  /** Opens a page with in-app messages. */
  readonly visit: (options?: VisitOptions) => Promise<Page>;
}

export const MESSAGES_PATH = '/messages';

export const test = base.extend<VisitFixtures>({
  site: async ({ site }, use) => {
    await site.change({ pages: messagePages(MESSAGES_PATH, '/cart', '/Cart/1') });
    await use(site);
  },

  visit: async ({ members }, use) => {
    await use(async ({ as, sdk, ...options } = {}) => {
      const page = await members({ path: MESSAGES_PATH, ...options, sdk: { inApp: true, ...sdk } });
      if (as !== undefined) await signIn(page, as);
      return page;
    });
  },

  // As before, every test gets it.
  unharmed: async ({ context, site }, use) => {
    const mistakes = await watchStrictly(context, site);
    await use(mistakes);
    // This round trip to each page ensures that its earlier reports have arrived.
    await Promise.all(context.pages().map((page) => page.evaluate(() => undefined)));
    expect(mistakes).toEqual([]);
  },
});

export { expect, stats } from './fixtures.ts';
export { signIn } from './members.ts';

/**
 * Records violations of the pages' policies, uncaught errors of pages, and requests to other servers. The
 * frame of a message has a policy of its own, which blocks what authors may try: neither that, nor an error
 * inside the frame, is one of the page.
 */
async function watchStrictly(context: BrowserContext, site: OpenSite): Promise<readonly string[]> {
  const mistakes: string[] = [];
  const ports = new Set([site.origin, site.apiOrigin].map((origin) => new URL(origin).port));
  await context.exposeFunction('tellViolation', (text: string) => void mistakes.push(text));
  await context.addInitScript(() => {
    if (window.top !== window || origin === 'null') return;
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sample }) => {
      (window as unknown as { tellViolation(text: string): void }).tellViolation(
        `${effectiveDirective} ${blockedURI} ${sample}`,
      );
    });
  });
  context.on('weberror', (error) => {
    const { stack = String(error.error()) } = error.error();
    if (!stack.includes('/v1/frame/')) mistakes.push(stack);
  });
  const isForeign = (url: string): boolean => {
    const { protocol, hostname, port } = new URL(url);
    return protocol.startsWith('http') && !(hostname === 'localhost' && ports.has(port));
  };
  context.on('response', (response) => {
    if (isForeign(response.url())) mistakes.push(`A response of ${response.url()}`);
  });
  context.on('requestfailed', (request) => {
    const { errorText = '' } = request.failure() ?? {};
    if (isForeign(request.url()) && errorText !== 'csp')
      mistakes.push(`A request to ${request.url()}: ${errorText}`);
  });
  return mistakes;
}

/** The events `message` of this page, as `type messageId`. */
export const heard = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => window.heard.map(({ type, messageId }) => `${type} ${messageId}`));

/** The whole events `message` of one type. */
export const heardOf = (page: Page, type: string): Promise<readonly Heard[]> =>
  page.evaluate((wanted) => window.heard.filter((each) => each.type === wanted), type);

/** The number of frames of the SDK that are connected to the document. */
export const frameCount = (page: Page): Promise<number> => page.evaluate(() => window.messageFrames().length);

/** The content of the only frame of the SDK. */
export const messageIn = (page: Page): FrameLocator => page.frameLocator('iframe[sandbox]');

/** Waits until the message with this queue id is shown; its message id is the default of `message()`. */
export const untilShown = (page: Page, queueId: string, times = 1): Promise<void> =>
  expect
    .poll(async () => (await heard(page)).filter((each) => each === `shown gist-html-${queueId}`).length)
    .toBe(times);

/** Waits until the event has been told once. */
export const untilHeard = (page: Page, event: string): Promise<void> =>
  expect.poll(async () => (await heard(page)).filter((each) => each === event)).toEqual([event]);

/** The requests of pages to a path of the proxy below `/v1/messages/`, with the status of each. */
export const calls = async (site: Site, name: 'fetch' | 'seen' | 'stream'): Promise<readonly string[]> =>
  (await site.privateCalls())
    .filter(({ method, path }) => method !== 'OPTIONS' && path === `/v1/messages/${name}`)
    .map(({ fate }) => String(fate));

/** The queue ids that upstream was told as seen, with the outcome of each request. */
export const seen = async (standIn: StandIn): Promise<readonly string[]> =>
  (await standIn.messageRequests('seen')).map(
    ({ path, outcome }) => `${decodeURIComponent(path.split('/').at(-1) ?? '')} ${outcome}`,
  );

/** The persons of the fetches that have reached Customer.io. */
export const fetchedFor = async (standIn: StandIn): Promise<readonly string[]> =>
  (await standIn.messageRequests('queue')).map(({ userId }) => userId);

/** The events by which Customer.io counts what visitors do with messages. */
export const reports = async (standIn: StandIn): Promise<readonly Arrived[]> =>
  (await standIn.events()).filter(({ event = '' }) => /^Report (?:Delivery|Content) Event$/.test(event));

/** The properties of these events. */
export const metrics = async (standIn: StandIn): Promise<readonly Arrived['properties'][]> =>
  (await reports(standIn)).map(({ properties }) => properties);

/** The limit for what takes a visitor `ms` at most: the machine of the tests runs other tests at the same time. */
export const busy = (ms: number): number => 5 * ms;

let markers = 0;

/**
 * Tracks an event, and waits until it has arrived: what the page wanted to send before it has arrived by then,
 * because the outbox keeps the order.
 */
export async function passMarker(page: Page, standIn: StandIn): Promise<void> {
  const name = `Marker ${++markers}`;
  await page.evaluate((event) => window.analytics.track(event), name);
  await expect.poll(() => standIn.names()).toContain(name);
}

/**
 * Waits until the page has its lists: a reload less than five seconds after the last fetch of the same person
 * is refused at first.
 */
export async function untilFetched(site: Site, times: number): Promise<void> {
  await expect
    .poll(async () => (await calls(site, 'fetch')).filter((fate) => fate === '200').length, {
      timeout: 20_000,
    })
    .toBe(times);
}

/** Sets the messages of several people. */
export const setQueues = async (
  standIn: StandIn,
  queues: Readonly<Record<string, readonly InAppMessage[]>>,
): Promise<void> => {
  for (const [userId, messages] of Object.entries(queues)) await standIn.setMessages(userId, messages);
};
