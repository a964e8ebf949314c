/** Where the proxy sends to: the stand-in that comes with this demo, or the real Customer.io. */
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Shopper } from './account/people.ts';
import { welcomeOf } from './account/welcome.ts';
import { rightNow } from './clock.ts';
import type { FaultSwitches } from './faults.ts';
import { createShopMessages, type ShopMessages } from './messages/shop-messages.ts';
import { close, isObject, listen, parseJson } from './http.ts';
import type { ReceivedEvent } from './pipelines/call.ts';
import { CODE_HOST, RENDERER_HOST } from './pipelines/in-app/routes.ts';
import { createLedger, type Ledger } from './pipelines/ledger.ts';
import { createPipelines } from './pipelines/pipelines.ts';
import { workOff } from './pipelines/work-off.ts';
import type { AppApiOptions, FetchLike, InAppOptions } from '../src/proxy.ts';

export interface Upstream {
  readonly kind: 'stand-in' | 'customer.io';
  /** Its origin. */
  readonly url: string;
  readonly writeKey: string;
  /** How the proxy reaches it. */
  readonly fetch: FetchLike;
  readonly ledger: Ledger;
  /** What it tells of people: without it there are no topics. */
  readonly appApi?: AppApiOptions | undefined;
  /** Where their messages are: without it there is no inbox. */
  readonly inApp?: InAppOptions | undefined;
  /** The messages that the shop shows. The real Customer.io is told by nobody here what to show. */
  readonly messages?: ShopMessages | undefined;
  /** Somebody has signed in for the first time. The real Customer.io sends messages of its own. */
  welcome(shopper: Shopper): void;
  close(): Promise<void>;
}

/** What of the real Customer.io a person's private calls need. */
export interface CustomerIoKeys {
  readonly appApi?: AppApiOptions | undefined;
  readonly inApp?: InAppOptions | undefined;
}

/** Those that the shop itself has told. */
export const READABLE_ATTRIBUTES: readonly string[] = ['name', 'email', 'favourite_season'];

/** The stand-in on a port of its own. The switches reach it directly. */
export async function startStandIn(switches: FaultSwitches, port: number): Promise<Upstream> {
  const [writeKey, appKey, siteId] = ['demo-write-key', 'demo-app-key', 'demo-site-id'];
  // The clock that the console sets wrong is the shop's, and Customer.io's is right.
  const pipelines = createPipelines({ writeKey, services: { appKey, siteId }, now: rightNow });
  const { ledger, services } = pipelines;
  const messages = createShopMessages(services);
  const server = createServer(pipelines.listener);
  const url = await listen(server, port);
  switches.onChange(({ upstream, latencyMs, renderer }) => {
    pipelines.setFaults({ status: upstream, latencyMs });
    services.setFaults({ status: upstream, latencyMs });
    messages.setRenderer(renderer);
  });
  ledger.onRecord((_, events) => {
    for (const event of events) workOff(services.people, event);
    messages.noteEvents(events);
  });
  return {
    kind: 'stand-in',
    url,
    writeKey,
    fetch: (address, init) => fetch(address, init),
    ledger,
    appApi: { key: appKey, url, attributes: READABLE_ATTRIBUTES },
    inApp: {
      siteId,
      url,
      rendererUrl: url + RENDERER_HOST,
      codeUrl: url + CODE_HOST,
      realtimeUrl: url,
      anonymous: { secret: 'demo-secret-of-anonymous-messages' },
    },
    messages,
    welcome(shopper) {
      services.people.put(shopper.id, welcomeOf(shopper, rightNow()));
      messages.greet(shopper);
    },
    close: () => close(server),
  };
}

/** The real Customer.io. What it accepts is noted on the way; the switches answer in its place. */
export function connectCustomerIo(
  switches: FaultSwitches,
  writeKey: string,
  url: string,
  { appApi, inApp }: CustomerIoKeys = {},
): Upstream {
  const ledger = createLedger();
  const observedFetch: FetchLike = async (address, init) => {
    const body = typeof init.body === 'string' ? init.body : '';
    const { upstream, latencyMs } = switches.current();
    if (latencyMs > 0) await delay(latencyMs, undefined, init.signal ? { signal: init.signal } : {});
    const response = upstream === 200 ? await fetch(address, init) : new Response('{}', { status: upstream });
    const { authorization, ...headers } = Object.fromEntries(new Headers(init.headers));
    const at = new Date(rightNow()).toISOString();
    const request = {
      at,
      method: init.method ?? 'GET',
      path: new URL(address).pathname,
      bytes: Buffer.byteLength(body),
      contentEncoding: headers['content-encoding'] ?? null,
      authorization: authorization !== undefined,
      strict: headers['x-strict-mode'] === '1',
      status: response.status,
      headers,
    };
    ledger.record(request, response.ok ? eventsOf(body, at) : []);
    return response;
  };
  return {
    kind: 'customer.io',
    url,
    writeKey,
    fetch: observedFetch,
    ledger,
    appApi,
    inApp,
    welcome: () => {},
    close: async () => {},
  };
}

function eventsOf(body: string, receivedAt: string): readonly ReceivedEvent[] {
  const parsed = parseJson(body);
  const batch = isObject(parsed) ? parsed['batch'] : undefined;
  return Array.isArray(batch)
    ? batch.map((event) => Object.assign({}, event as ReceivedEvent, { receivedAt }))
    : [];
}
