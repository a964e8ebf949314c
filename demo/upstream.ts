/** Where the proxy sends to: the stand-in that comes with this demo, or the real Customer.io. */
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultSwitches } from './faults.ts';
import { close, isObject, listen, parseJson } from './http.ts';
import type { ReceivedEvent } from './pipelines/call.ts';
import { createLedger, type Ledger } from './pipelines/ledger.ts';
import { createPipelines } from './pipelines/pipelines.ts';
import type { FetchLike } from '../src/proxy/index.ts';

export interface Upstream {
  readonly kind: 'stand-in' | 'customer.io';
  /** Its origin. */
  readonly url: string;
  readonly writeKey: string;
  /** How the proxy reaches it. */
  readonly fetch: FetchLike;
  readonly ledger: Ledger;
  close(): Promise<void>;
}

/** The stand-in on a port of its own. The switches reach it directly. */
export async function startStandIn(switches: FaultSwitches, port: number): Promise<Upstream> {
  const writeKey = 'demo-write-key';
  const pipelines = createPipelines({ writeKey });
  const server = createServer(pipelines.listener);
  const url = await listen(server, port);
  switches.onChange(({ upstream, latencyMs }) => pipelines.setFaults({ status: upstream, latencyMs }));
  return {
    kind: 'stand-in',
    url,
    writeKey,
    fetch: (address, init) => fetch(address, init),
    ledger: pipelines.ledger,
    close: () => close(server),
  };
}

/** The real Customer.io. What it accepts is noted on the way; the switches answer in its place. */
export function connectCustomerIo(switches: FaultSwitches, writeKey: string, url: string): Upstream {
  const ledger = createLedger();
  const observedFetch: FetchLike = async (address, init) => {
    const body = typeof init.body === 'string' ? init.body : '';
    const { upstream, latencyMs } = switches.current();
    if (latencyMs > 0) await delay(latencyMs, undefined, init.signal ? { signal: init.signal } : {});
    const response = upstream === 200 ? await fetch(address, init) : new Response('{}', { status: upstream });
    const { authorization, ...headers } = Object.fromEntries(new Headers(init.headers));
    const at = new Date().toISOString();
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
  return { kind: 'customer.io', url, writeKey, fetch: observedFetch, ledger, close: async () => {} };
}

function eventsOf(body: string, receivedAt: string): readonly ReceivedEvent[] {
  const parsed = parseJson(body);
  const batch = isObject(parsed) ? parsed['batch'] : undefined;
  return Array.isArray(batch)
    ? batch.map((event) => Object.assign({}, event as ReceivedEvent, { receivedAt }))
    : [];
}
