import { gunzipSync } from 'node:zlib';
import { ACK_HEADER, type WireEvent } from '../../../src/protocol/wire.ts';
import type { FakeClock } from '../../fakes/clock.ts';
import type { Random } from '../../fakes/random.ts';
import type { Page } from './page.ts';
import type { ProxyPlan } from './plan.ts';
import { type Answer, judgeArrival } from './proxy.ts';
import { createNetworkConditions, type RequestOutcome, type NetworkCondition } from './network-conditions.ts';

/** The network between the pages and the proxy. */
export interface Network {
  request(page: Page, url: string, init: RequestInit): Promise<Response>;
  become(condition: NetworkCondition): void;
  condition(): NetworkCondition;
  /** Ends the requests of a page without `keepalive`, because the page enters the back/forward cache. */
  cut(page: Page): void;
  readonly sent: readonly SentRequest[];
}

export interface SentRequest {
  readonly page: string;
  /** The time of the request, by a clock that is never set. */
  readonly atMs: number;
  readonly batch: readonly WireEvent[];
  readonly bytes: number;
  readonly keepalive: boolean;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The time and the response, when the page has read it. */
  heard?: { readonly atMs: number; readonly answer: Answer };
  /** The request ended without a response for the page. */
  failed?: boolean;
  /** The proxy has responded with 2xx. */
  accepted?: boolean;
  /** The time at which the response has put the request's name in a cookie. */
  namedAtMs?: number;
}

interface InFlight {
  readonly page: Page;
  readonly request: SentRequest;
  /** The size of the body as it is sent. */
  readonly size: number;
  resolve(response: Response): void;
  /** Rejects the promise that the page waits for now: that of the response, or of its body. */
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
  /** Called when a page makes a request. */
  onRequest(request: SentRequest): void;
  /** Called when the proxy has accepted a request. */
  onAccepted(request: SentRequest): void;
  /** Called when the browser has received a response that puts this name in a cookie. */
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

  /** A request that is on its way may still arrive, or be cancelled, at random. */
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
        // The browser also processes the headers of a response (its cookies) after the page has ended.
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
            if (!inFlight.has(each)) return; // aborted meanwhile: the promise is already rejected
            if (half) return fail(each, new TypeError('Failed to fetch'));
            request.heard = { atMs: nowMs(), answer };
            over(each);
            resolve('{}');
          });
        }),
    } as unknown as Response; // the cast: the SDK reads nothing else of a response
  }

  return {
    sent,
    condition: conditions.condition,
    become: conditions.become,
    request: (page, url, { body, keepalive = false, headers, signal }) =>
      page.promise<Response>(({ resolve, reject }) => {
        // the cast: the SDK gives a request with events no other kind of body
        const packed = body as Uint8Array;
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
