import { gunzipSync } from 'node:zlib';
import { ACK_HEADER, type WireEvent } from '../../../src/protocol/wire.ts';
import type { FakeClock } from '../../fakes/clock.ts';
import type { Random } from '../../fakes/random.ts';
import type { Page } from './page.ts';
import type { ProxyPlan } from './plan.ts';
import { type Answer, judgeArrival } from './proxy.ts';
import { createNetworkConditions, type RequestOutcome, type NetworkCondition } from './network-conditions.ts';

/** What lies between the pages and the proxy. */
export interface Network {
  request(page: Page, url: string, init: RequestInit): Promise<Response>;
  become(condition: NetworkCondition): void;
  condition(): NetworkCondition;
  /** Ends what a page has in flight that does not outlive it: the page goes into the back/forward cache. */
  cut(page: Page): void;
  readonly sent: readonly SentRequest[];
}

export interface SentRequest {
  readonly page: string;
  /** When it was made, by a clock that nobody sets. */
  readonly atMs: number;
  readonly batch: readonly WireEvent[];
  readonly bytes: number;
  readonly keepalive: boolean;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What the page has read of the answer, when it has. */
  heard?: { readonly atMs: number; readonly answer: Answer };
  /** It ended without an answer for the page. */
  failed?: boolean;
  /** The proxy has answered 2xx. */
  accepted?: boolean;
  /** Its answer has left its name in a cookie. */
  namedAtMs?: number;
}

interface InFlight {
  readonly page: Page;
  readonly request: SentRequest;
  /** Of the body as it travels. */
  readonly size: number;
  resolve(response: Response): void;
  /** Of whatever the page waits for now: the answer, or its body. */
  reject(cause: unknown): void;
  state: 'on its way' | 'arrived' | 'over';
}

// https://fetch.spec.whatwg.org/#http-network-or-cache-fetch
const KEEPALIVE_BYTES = 64 * 1024;

export interface NetworkNeeds {
  readonly clock: FakeClock;
  readonly random: Random;
  readonly proxy: ProxyPlan;
  nowMs(): number;
  /** A request leaves a page. */
  onRequest(request: SentRequest): void;
  /** The proxy has taken it. */
  onAccepted(request: SentRequest): void;
  /** The browser has an answer that leaves this name in a cookie. */
  onNamedAnswer(name: string): void;
}

export function createNetwork(needs: NetworkNeeds): Network {
  const { clock, random, proxy, nowMs, onRequest, onAccepted, onNamedAnswer } = needs;
  const sent: SentRequest[] = [];
  const inFlight = new Set<InFlight>();
  const conditions = createNetworkConditions(random, nowMs);

  function keepaliveBytes(page: Page): number {
    let bytes = 0;
    for (const each of inFlight) if (each.page === page && each.request.keepalive) bytes += each.size;
    return bytes;
  }

  function over(each: InFlight): void {
    each.state = 'over';
    inFlight.delete(each);
  }

  function fail(each: InFlight, cause: unknown): void {
    each.request.failed = true;
    over(each);
    each.reject(cause);
  }

  /** What has not left yet may still leave. */
  function drop(each: InFlight): void {
    if (each.state === 'on its way' && random.chance(0.5)) each.state = 'over';
  }

  function travel(
    each: InFlight,
    { reaches, arriveMs, instead, answerMs, back }: RequestOutcome,
    gzipped: boolean,
  ): void {
    const { request, page } = each;
    if (!reaches && back === 'never') return;
    clock.after(arriveMs, () => {
      if (each.state !== 'on its way') return;
      if (!reaches) return fail(each, new TypeError('Failed to fetch'));
      each.state = 'arrived';
      const answer = instead ?? judgeArrival({ ...request, gzipped, nowMs: nowMs() }, proxy);
      if (answer !== 'hang-up' && answer.status < 300) {
        request.accepted = true;
        onAccepted(request);
      }
      clock.after(answerMs, () => {
        const name = request.headers[ACK_HEADER];
        const hasHead = back === 'whole' || back === 'half';
        // The browser reads the head of an answer also where the page has gone.
        if (name && request.accepted && hasHead && (inFlight.has(each) || page.life() === 'gone')) {
          request.namedAtMs = nowMs();
          onNamedAnswer(name);
        }
        if (!inFlight.has(each)) return;
        if (back === 'never') return;
        if (back === 'lost' || answer === 'hang-up') fail(each, new TypeError('Failed to fetch'));
        else each.resolve(read(each, answer, back === 'half'));
      });
    });
    page.onDeath(() => {
      if (!request.keepalive) drop(each);
      inFlight.delete(each);
    });
  }

  function read(each: InFlight, answer: Answer, half: boolean): Response {
    const { request, page } = each;
    return {
      status: answer.status,
      headers: new Headers(answer.headers),
      text: () =>
        page.promise<string>(({ resolve, reject }) => {
          if (!inFlight.has(each)) return reject(new DOMException('The request is over', 'AbortError'));
          each.reject = reject;
          page.task(random.below(5), () => {
            if (!inFlight.has(each)) return; // aborted meanwhile, which has been told
            if (half) return fail(each, new TypeError('Failed to fetch'));
            request.heard = { atMs: nowMs(), answer };
            over(each);
            resolve('{}');
          });
        }),
    } as unknown as Response; // what is read of one
  }

  return {
    sent,
    condition: conditions.condition,
    become: conditions.become,
    request: (page, url, { body, keepalive = false, headers, signal }) =>
      page.promise<Response>(({ resolve, reject }) => {
        const packed = body as Uint8Array; // all that the SDK gives to a request with events
        const gzipped = 'Content-Encoding' in (headers as Record<string, string>);
        const text = Buffer.from(gzipped ? gunzipSync(packed) : packed).toString();
        const request: SentRequest = {
          page: page.name,
          atMs: nowMs(),
          batch: (JSON.parse(text) as { batch: readonly WireEvent[] }).batch,
          bytes: Buffer.byteLength(text),
          keepalive,
          url,
          headers: headers as Record<string, string>,
        };
        sent.push(request);
        onRequest(request);
        const size = packed.byteLength;
        if (keepalive && keepaliveBytes(page) + size > KEEPALIVE_BYTES) {
          request.failed = true;
          reject(new TypeError('Failed to fetch'));
          return;
        }
        const each: InFlight = { page, request, size, resolve, reject, state: 'on its way' };
        inFlight.add(each);
        signal?.addEventListener('abort', () => {
          if (!inFlight.has(each)) return;
          request.failed = true;
          drop(each);
          inFlight.delete(each);
          each.reject(signal.reason);
        });
        travel(each, conditions.nextOutcome(), gzipped);
      }),
    cut(page) {
      for (const each of inFlight) {
        if (each.page !== page || each.request.keepalive) continue;
        drop(each);
        each.request.failed = true;
        inFlight.delete(each);
        each.reject(new TypeError('Failed to fetch'));
      }
    },
  };
}
